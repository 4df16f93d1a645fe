//! What holds of the flows in every order of events, under every fault and for every sequence of
//! requests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests panic"
)]

mod faults;
mod interleavings;
mod key_rotation;
mod passwords;
mod secrets;
mod sequences;
mod traces;

use testudo::command::UserKey;
use testudo::flow::{RegisterUser, SignedIn, refresh};
use testudo::message::MessageKind;
use testudo::model::{Email, SessionId};
use testudo::testing::World;
use testudo::token::{AccessToken, Tokens};
use testudo::{Refusal, Secret};

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
/// Where Ada's account moves to.
const NEW_EMAIL: &str = "ada@new.example";

/// A world in which Ada has an account.
fn world_with_ada() -> World {
    let mut world = World::new();
    world.register(ADA, PASSWORD);
    world
}

/// A world in which Ada has signed in.
fn world_with_session() -> (World, SignedIn) {
    let mut world = world_with_ada();
    let signed_in = world.login(ADA, PASSWORD);
    (world, signed_in)
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
    AccessToken::parse(tokens.access.expose()).unwrap().session()
}

/// What an access token would be answered now.
fn probe_access(world: &World, tokens: &Tokens) -> Result<(), Refusal> {
    world.clone().authenticate(tokens.access.expose()).map(drop)
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
