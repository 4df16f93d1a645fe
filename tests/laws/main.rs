//! What holds of the flows in every order of events, under every fault and for every sequence of
//! requests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests panic"
)]

mod api_keys;
mod faults;
mod interleavings;
mod invitations;
mod key_rotation;
mod passwords;
mod secrets;
mod sequences;
mod traces;

use testudo::Refusal;
use testudo::flow::{RegisterUser, SignedIn, refresh};
use testudo::model::SessionId;
use testudo::testing::World;
use testudo::token::{AccessToken, Tokens};

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

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
