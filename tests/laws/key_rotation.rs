//! Rotating the master secret.

use testudo::flow::{Refreshed, refresh};
use testudo::testing::World;
use testudo::token::Tokens;
use testudo::{Duration, Refusal};

use super::{probe_access, probe_refresh, world_with_session};

const NEW: &str = "the-next-secret-of-tests-and-nothing-else-9Wd4";

fn both() -> String {
    format!("{NEW},{}", World::SECRET)
}

fn exchange(world: &mut World, tokens: &Tokens) -> Result<Refreshed, Refusal> {
    world.run(|env| refresh(tokens.refresh.expose(), env))
}

#[test]
fn with_a_new_secret_in_front_sessions_live_on_and_reuse_is_still_recognised() {
    let (mut world, start) = world_with_session();
    let first = exchange(&mut world, &start.tokens).unwrap();
    world.set_keys(&both());
    assert_eq!(probe_access(&world, &first.tokens), Ok(()));

    // The grace.
    let again = exchange(&mut world, &start.tokens).unwrap();
    assert_eq!(again.tokens.refresh.expose(), first.tokens.refresh.expose());
    assert_eq!(again.tokens.access.expose(), first.tokens.access.expose());

    let second = exchange(&mut world, &first.tokens).unwrap();
    assert_eq!(probe_access(&world, &second.tokens), Ok(()));
    assert_eq!(
        second.session.chain_key, first.session.chain_key,
        "so that the chain can be walked"
    );
    let again = exchange(&mut world, &first.tokens).unwrap();
    assert_eq!(again.tokens.refresh.expose(), second.tokens.refresh.expose());

    // Tokens that were spent before and after the rotation.
    for spent in [&start.tokens, &first.tokens] {
        let mut world = world.clone();
        world.advance(Duration::from_secs(60));
        assert_eq!(exchange(&mut world, spent).unwrap_err(), Refusal::RevokedToken);
        assert_eq!(probe_access(&world, &second.tokens), Err(Refusal::RevokedToken));
    }
}

#[test]
fn with_the_old_secret_gone_the_current_token_works_and_spent_ones_end_nothing() {
    let (mut world, start) = world_with_session();
    let first = exchange(&mut world, &start.tokens).unwrap();
    world.set_keys(NEW);
    assert_eq!(probe_access(&world, &first.tokens), Ok(()), "known by its digest");
    let before = world.tables().clone();
    assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::InvalidToken);
    assert_eq!(*world.tables(), before);

    // The chain goes on under the new secret, with its grace and its reuse detection.
    let second = exchange(&mut world, &first.tokens).unwrap();
    assert_ne!(second.session.chain_key, first.session.chain_key);
    let again = exchange(&mut world, &first.tokens).unwrap();
    assert_eq!(again.tokens.refresh.expose(), second.tokens.refresh.expose());
    assert_eq!(exchange(&mut world, &start.tokens).unwrap_err(), Refusal::InvalidToken);
    assert_eq!(probe_refresh(&world, &second.tokens), Ok(3));
    world.advance(Duration::from_secs(60));
    assert_eq!(exchange(&mut world, &first.tokens).unwrap_err(), Refusal::RevokedToken);
    assert_eq!(probe_refresh(&world, &second.tokens), Err(Refusal::RevokedToken));
}

#[test]
fn new_sessions_are_made_with_the_newest_secret() {
    let (mut world, start) = world_with_session();
    world.set_keys(&both());
    let after = world.login(super::ADA, super::PASSWORD);
    assert_ne!(after.session.chain_key, start.session.chain_key);
    world.set_keys(NEW);
    let next = exchange(&mut world, &after.tokens).unwrap();
    world.advance(Duration::from_secs(60));
    assert_eq!(exchange(&mut world, &after.tokens).unwrap_err(), Refusal::RevokedToken);
    assert_eq!(probe_access(&world, &next.tokens), Err(Refusal::RevokedToken));
}

#[test]
fn a_node_that_has_not_got_the_new_secret_yet_serves_sessions_made_with_it() {
    let (mut world, _) = world_with_session();
    world.set_keys(&both());
    let start = world.login(super::ADA, super::PASSWORD);
    world.set_keys(World::SECRET);
    assert_eq!(probe_access(&world, &start.tokens), Ok(()));
    let next = exchange(&mut world, &start.tokens).unwrap();
    world.set_keys(&both());
    assert_eq!(probe_access(&world, &next.tokens), Ok(()));
    assert_eq!(probe_refresh(&world, &next.tokens), Ok(2));
}
