//! Verifying an account's address by a link.

use crate::command::{Commit, Conflict, FindUser, UserKey, Write};
use crate::env::Env;
use crate::event::{DeadLink, Event, LimitName, LinkPurpose};
use crate::flow::attempts::{self, Reached};
use crate::flow::links::{self, Link};
use crate::flow::own_account::{Asker, while_both_stand};
use crate::flow::presented::FoundWithUser;
use crate::message::{Message, MessageKind};
use crate::model::{AttemptKey, User};
use crate::refusal::Refusal;
use crate::signing::EmailVerification;
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Mails the link that verifies the address of an access token's user to that address.
///
/// Where the address is verified already, nothing is sent and the answer is the same. Links from before
/// go on counting for [`Policy::email_proof_lifetime`](crate::Policy::email_proof_lifetime).
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate), and [`Refusal::RateLimited`], [`Refusal::Busy`].
pub fn request_email_verification(access_token: &str, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, None, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

/// Looks who asks. It is counted once, however often it is looked.
fn look(asker: Asker, counted: Option<Reached>, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, move |asker, found, env| match counted {
        _ if found.user.is_verified => Step::Done(Ok(())),
        None => count(asker, found, env),
        Some(reached) => send(asker, found, reached, env),
    })
}

fn count(asker: Asker, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let key = AttemptKey::email_proof(found.user.email.key());
    let command = attempts::count(&key, env.policy().email_proof, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(reservation) => {
            let mut reached = Reached::default();
            reached.note(reservation, LimitName::EmailProof);
            send(asker, found, reached, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn send(asker: Asker, found: FoundWithUser, reached: Reached, mut env: Env) -> Step<Outcome> {
    let (session, user) = (&found.session, &found.user);
    let message = verification(user, &env).seal(&mut env);
    let event = env.event(Some(user.id), Some(session.id), Event::EmailVerificationRequested);
    let batch = while_both_stand(&found).event(event).message(message);
    let batch = reached.report(batch, Some(found.user.id), &mut env);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, Some(reached), env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The message with the link that verifies an account's address, as it is.
pub(in crate::flow) fn verification(user: &User, env: &Env) -> Message {
    let until = env.now + env.policy().email_proof_lifetime;
    let token = links::token::<EmailVerification>(user, user.email.key().as_str(), until, env);
    let message = Message::to_owner(MessageKind::EmailVerification, user);
    message.with_token(token, until)
}

/// Marks the address of an account as verified, by the link that
/// [`request_email_verification`] mailed to it.
///
/// Nobody is signed in by it, and no session ends.
///
/// # Errors
///
/// [`Refusal::InvalidToken`] for every link that does not count: also when the address is verified already,
/// and when the account's password, address or standing changed since. [`Refusal::Busy`].
///
/// # Security
///
/// Act on a POST, never on a GET: programs that look at mail follow its links, and somebody else's click
/// proves nothing.
pub fn verify_email(token: &str, env: Env) -> Step<Outcome> {
    match Link::genuine::<EmailVerification>(token, &env) {
        Ok(link) if link.is_over(env.now) => link.refuse(PURPOSE, DeadLink::Expired, env),
        Ok(link) => look_by_link(link, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

const PURPOSE: LinkPurpose = LinkPurpose::VerifyEmail;

fn look_by_link(link: Link, env: Env) -> Step<Outcome> {
    ask(FindUser { key: UserKey::Id(link.user()) }, move |user| {
        let reason = links::dead(user.as_ref());
        match user.filter(|user| counts(&link, user)) {
            Some(user) => mark(link, user, env),
            None => link.refuse(PURPOSE, reason, env),
        }
    })
}

fn counts(link: &Link, user: &User) -> bool {
    let is_its_address = link.text() == user.email.key().as_str();
    link.is_of_the_epoch_of(user) && is_its_address && user.may_be_used() && !user.is_verified
}

fn mark(link: Link, user: User, mut env: Env) -> Step<Outcome> {
    let was = user.version;
    let event = env.event(Some(user.id), None, Event::EmailVerified);
    let user = User { is_verified: true, version: was.next(), updated_at: env.now, ..user };
    let write = Write::ReplaceUser { user: Box::new(user), was };
    ask(Commit::new().write(write).event(event), move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_by_link(link, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
