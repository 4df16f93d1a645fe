//! What holds of the flows in every order of events, under every fault and for every sequence of
//! requests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests panic, and say where"
)]

mod api_keys;
mod epochs;
mod events;
mod faults;
mod interleavings;
mod invitations;
mod key_rotation;
mod onboarding;
mod owed;
mod passwords;
mod purpose_matrix;
mod secrets;
mod sequences;
mod several_stores;
mod traces;

use std::cell::Cell;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use testudo::command::{Part, Placement, UserKey};
use testudo::flow::{RegisterUser, SignedIn, authenticate_user, refresh};
use testudo::message::MessageKind;
use testudo::model::{Email, SessionId};
use testudo::onboarding::SignIn;
use testudo::testing::{Backend, World};
#[cfg(feature = "jwt")]
use testudo::token::backend::{HybridBackend, JwtBackend};
use testudo::token::backend::{OpaqueBackend, Records};
use testudo::token::{AccessToken, Tokens};
use testudo::{KeyRing, Refusal, Secret};

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
/// Where Ada's account moves to.
const NEW_EMAIL: &str = "ada@new.example";

thread_local! {
    static PLACEMENT: Cell<Placement> = const { Cell::new(Placement::together(0)) };
}

/// Runs a law over records that live in one store; over such that live in two, users and what is to be told in a
/// database and the rest in something faster; and over such of which every other part lives in a store of its own.
///
/// What is to be told stays with the users. Apart from them, a change may be told after a later one, which is what many
/// laws know the order of events by.
fn wherever_records_live(law: impl Fn()) {
    for (name, placement) in [
        ("in one store", Placement::together(0)),
        ("in two", in_two_stores()),
        ("in four", all_apart().place(Part::Outbox, 0)),
    ] {
        println!("{name}");
        PLACEMENT.set(placement);
        law();
    }
}

fn in_two_stores() -> Placement {
    let fast = [Part::Sessions, Part::Counters, Part::Onboarding];
    fast.into_iter().fold(Placement::together(0), |it, part| it.place(part, 1))
}

fn all_apart() -> Placement {
    let stores = Part::ALL.into_iter().zip(0..);
    stores.fold(Placement::together(0), |it, (part, store)| it.place(part, store))
}

/// A world without records, which live where the law is about.
fn new_world() -> World {
    let mut world = World::new();
    world.set_placement(PLACEMENT.get());
    world
}

/// A world in which Ada has an account.
fn world_with_ada() -> World {
    let mut world = new_world();
    world.register(ADA, PASSWORD);
    world
}

/// A world in which Ada has signed in.
fn world_with_session() -> (World, SignedIn) {
    let mut world = world_with_ada();
    let signed_in = world.login(ADA, PASSWORD);
    (world, signed_in)
}

/// The forms of tokens under which what ends a session takes effect at once, wherever its record is looked at.
fn forms() -> Vec<(&'static str, Backend)> {
    let mut forms = all_forms();
    if PLACEMENT.get().is_split() {
        // Where records live changes nothing about how a token is read; a few forms stand for all.
        forms.truncate(1);
    }
    forms
}

fn all_forms() -> Vec<(&'static str, Backend)> {
    vec![
        ("opaque", |_: &KeyRing| Arc::new(OpaqueBackend)),
        #[cfg(feature = "jwt")]
        ("hybrid", |keys| Arc::new(HybridBackend::hs256(keys).unwrap())),
        #[cfg(feature = "jwt")]
        ("jwt, recorded", |keys| Arc::new(JwtBackend::hs256(keys).unwrap().recorded())),
        #[cfg(feature = "jwt")]
        ("jwt with denylist", |keys| Arc::new(JwtBackend::hs256(keys).unwrap().with_denylist())),
        #[cfg(feature = "jwt-signatures")]
        ("signed jwt with denylist", |keys| {
            Arc::new(JwtBackend::ed25519(keys).unwrap().with_denylist())
        }),
    ]
}

/// A world in which Ada has an account, under each form. Its name is printed, for tests that fail.
fn worlds_with_ada() -> impl Iterator<Item = World> {
    forms().into_iter().map(|(name, tokens)| {
        println!("{name}");
        let mut world = world_with_ada();
        world.set_tokens(tokens);
        world
    })
}

/// A world in which Ada has signed in, under each form.
fn worlds_with_session() -> impl Iterator<Item = (World, SignedIn)> {
    worlds_with_ada().map(|mut world| {
        let signed_in = world.login(ADA, PASSWORD);
        (world, signed_in)
    })
}

/// The same under each form that records every session.
fn worlds_that_list_sessions() -> impl Iterator<Item = (World, SignedIn)> {
    let lists = |world: &World| world.settings().tokens().records() == Records::Every;
    worlds_with_session().filter(move |(world, _)| lists(world))
}

fn ada() -> UserKey {
    let email: Email = ADA.parse().unwrap();
    UserKey::Email(email.key().clone())
}

/// What the link of the last message of a kind carries.
fn mailed(world: &World, kind: MessageKind) -> Secret<String> {
    let mut messages = world.messages();
    messages.retain(|message| message.kind == kind);
    messages.pop().unwrap().token.unwrap()
}

fn registration(email: &str) -> RegisterUser {
    RegisterUser::new(email, PASSWORD.into())
}

/// The session that a pair of tokens belongs to.
fn session_of(tokens: &Tokens) -> SessionId {
    let access = tokens.access.expose();
    if let Some(payload) = access.split('.').nth(1) {
        let claims = URL_SAFE_NO_PAD.decode(payload).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        return claims["sid"].as_str().unwrap().parse().unwrap();
    }
    AccessToken::parse(access).unwrap().session()
}

/// The tokens of a sign-in, if nothing is owed.
fn tokens_of(sign_in: SignIn) -> Option<Tokens> {
    sign_in.signed_in().ok().map(|signed_in| signed_in.tokens)
}

/// What an access token would be answered now, where the session is looked at.
fn probe_access(world: &World, tokens: &Tokens) -> Result<(), Refusal> {
    let (mut world, access) = (world.clone(), tokens.access.expose());
    let now = world.now();
    world.run(|env| authenticate_user(access, env.settings(), now)).map(drop)
}

/// What a refresh token would be answered now: the generation that it would lead to.
fn probe_refresh(world: &World, tokens: &Tokens) -> Result<u32, Refusal> {
    let refreshed = world.clone().run(|env| refresh(tokens.refresh.expose(), env));
    refreshed.map(|refreshed| refreshed.session.generation)
}

/// Whether either token of a pair is good for anything now.
fn works(world: &World, tokens: &Tokens) -> bool {
    probe_access(world, tokens).is_ok() || probe_refresh(world, tokens).is_ok()
}
