//! The documented states of each flow, as transcripts: what is asked, what is answered, what follows.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic")]

mod admin;
mod api_keys;
mod change_password;
mod closing;
mod email;
mod end_other_sessions;
mod events;
mod external_login;
mod invitations;
mod legacy;
mod login;
mod onboarding;
mod password_reset;
mod refresh;
mod register_user;
mod sessions;
mod signing_out;
#[cfg(feature = "jwt")]
mod token_forms;
mod totp;
mod update_profile;

use testudo::command::{Against, Commit, OwnedSession, UserKey};
use testudo::flow::SignedIn;
use testudo::message::MessageKind;
use testudo::model::{AttemptVerdict, Session, User};
use testudo::testing::{World, expect};
use testudo::{KeyRing, Secret, Step};

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

/// A world in which Ada has an account, and her record.
fn world_with_ada() -> (World, User) {
    let mut world = World::new();
    let ada = world.register(ADA, PASSWORD);
    (world, ada)
}

/// A world in which Ada has signed in.
fn world_with_session() -> (World, SignedIn) {
    let (mut world, _) = world_with_ada();
    let signed_in = world.login(ADA, PASSWORD);
    (world, signed_in)
}

/// A session as a store finds it, with an owner in good standing.
fn owned(session: &Session, owner: &User) -> Option<OwnedSession> {
    Some(OwnedSession { session: session.clone(), standing: owner.standing() })
}

/// Goes through the recording of a refusal: it is counted, and one event is committed.
fn recorded<T>(step: Step<T>) -> Step<T> {
    let ask = expect!(step, CountAttempt);
    assert_eq!((ask.command.limit.attempts, ask.command.limit.window.as_secs()), (1, 60));
    let (window, is_last) = (ask.command.now, true);
    let ask = expect!(ask.answer(AttemptVerdict::Allowed { window, is_last }), Commit);
    assert_eq!((ask.command.events.len(), ask.command.writes.len()), (1, 0));
    ask.answer(Ok(()))
}

fn by_email(email: &str) -> UserKey {
    UserKey::Email(email.parse::<testudo::model::Email>().unwrap().key().clone())
}

fn stored(against: &Against) -> Option<&str> {
    match against {
        Against::Stored(hash) => Some(hash.as_stored()),
        Against::Nobody => None,
    }
}

/// Allows the attempt that a flow wants counted, in a window that ends with the world's present.
fn allow<T>(step: Step<T>, world: &World) -> Step<T> {
    let allowed = AttemptVerdict::Allowed { window: world.now(), is_last: false };
    expect!(step, CountAttempt).answer(allowed)
}

/// What the link of the last message of a kind carries.
fn mailed(world: &World, kind: MessageKind) -> Secret<String> {
    let mut messages = world.messages();
    messages.retain(|message| message.kind == kind);
    messages.pop().unwrap().token.unwrap()
}

/// What the one message of a batch is about, and to whom: it carries nothing that opens anything.
fn notice(batch: &Commit) -> (MessageKind, String) {
    let [sealed] = &batch.messages[..] else { panic!("{} messages", batch.messages.len()) };
    let message = sealed.open(&KeyRing::parse(World::SECRET).unwrap()).unwrap();
    assert!(message.token.is_none() && message.code.is_none());
    (message.kind, message.to)
}

/// What every message so far is about, and to whom.
fn mail(world: &World) -> Vec<(MessageKind, String)> {
    world.messages().into_iter().map(|message| (message.kind, message.to)).collect()
}

/// The record of the one account that has this address.
fn record(world: &World, email: &str) -> User {
    let mut users = world.tables().users();
    users.find(|user| user.email.as_str() == email).unwrap().clone()
}
