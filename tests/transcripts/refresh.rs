//! Refresh, and authenticating with what it gave.

use testudo::command::{Conflict, Guard, Write};
use testudo::event::Event;
use testudo::flow::{Refreshed, SignedIn, authenticate, refresh};
use testudo::model::{EndReason, Session, User};
use testudo::testing::{World, expect};
use testudo::token::Tokens;
use testudo::{Duration, Refusal, Step, Timestamp};

use super::{owned, recorded, world_with_session};

const MILLISECOND: Duration = Duration::from_millis(1);

fn begin(world: &mut World, tokens: &Tokens) -> Step<Result<Refreshed, Refusal>> {
    refresh(tokens.refresh.expose(), world.env())
}

fn run(world: &mut World, tokens: &Tokens) -> Result<Refreshed, Refusal> {
    world.run(|env| refresh(tokens.refresh.expose(), env))
}

/// What a refresh answers at once when it finds `session`.
fn answer(world: &mut World, tokens: &Tokens, session: &Session, owner: &User) -> Refusal {
    let step = expect!(begin(world, tokens), FindSession).answer(owned(session, owner));
    let step = if matches!(step, Step::CountAttempt(_)) { recorded(step) } else { step };
    expect!(step, Done).unwrap_err()
}

#[test]
fn the_current_token_is_exchanged_in_one_commit() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    world.advance(Duration::from_minutes(14));
    let ask = expect!(begin(&mut world, &tokens), FindSession);
    assert_eq!(ask.command.id, session.id);

    let ask = expect!(ask.answer(owned(&session, &user)), Commit);
    assert_eq!(ask.command.guards, [Guard::UserEpoch { id: user.id, epoch: user.epoch }]);
    let [Write::ReplaceSession { session: next, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, session.version);
    assert_eq!(next.version, session.version.next());
    assert_eq!((next.generation, next.refreshed_at), (1, world.now()));
    assert_eq!((next.expires_at, next.auth_time), (session.expires_at, session.auth_time));
    assert_ne!(next.refresh_digest, session.refresh_digest);
    assert_ne!(next.access_digest, session.access_digest);
    assert!(ask.command.events.is_empty());
    let next = next.clone();

    let refreshed = expect!(ask.answer(Ok(())), Done).unwrap();
    assert_eq!(refreshed.session, *next);
    assert_eq!(refreshed.tokens.expires_in, Duration::from_minutes(15));
    assert_ne!(refreshed.tokens.refresh.expose(), tokens.refresh.expose());
}

#[test]
fn a_token_repeated_within_the_grace_gets_the_same_pair_without_a_write() {
    let (mut world, signed_in) = world_with_session();
    let first = run(&mut world, &signed_in.tokens).unwrap();
    world.take_trace();
    world.advance(Duration::from_millis(9_999));
    let before = world.tables().clone();
    let again = run(&mut world, &signed_in.tokens).unwrap();
    assert_eq!(world.trace(), ["FindSession", "Commit"]);
    assert_eq!(*world.tables(), before);
    assert_eq!(again.tokens.access.expose(), first.tokens.access.expose());
    assert_eq!(again.tokens.refresh.expose(), first.tokens.refresh.expose());
    assert_eq!(again.session, first.session);
    let gone = Duration::from_millis(15 * 60_000 - 9_999);
    assert_eq!(again.tokens.expires_in, gone, "what is left of it");
}

/// The exchange that it repeats may be under way still.
#[test]
fn a_repeated_token_is_told_nothing_before_a_guard_of_what_was_read_was_committed() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let next = run(&mut world, &tokens).unwrap().session;
    let ask = expect!(begin(&mut world, &tokens), FindSession);
    let ask = expect!(ask.answer(owned(&next, &user)), Commit);
    assert_eq!(ask.command.guards, [Guard::SessionVersion { id: next.id, version: next.version }]);
    assert!(ask.command.writes.is_empty());
    // It was lost: the token is the current one again, and is exchanged.
    let step = expect!(ask.answer(Err(Conflict)), FindSession).answer(owned(&session, &user));
    let writes = expect!(step, Commit).command.writes;
    assert!(matches!(&writes[..], [Write::ReplaceSession { was, .. }] if *was == session.version));
}

#[test]
fn a_token_repeated_at_the_end_of_the_grace_ends_the_session() {
    let (mut world, signed_in) = world_with_session();
    let next = run(&mut world, &signed_in.tokens).unwrap();
    world.advance(Duration::from_secs(10));
    let step = begin(&mut world, &signed_in.tokens);
    let step = expect!(step, FindSession).answer(owned(&next.session, &signed_in.user));
    let step = expect!(step, FindUser).answer(Some(signed_in.user.clone()));
    let ask = expect!(step, Commit);
    assert_eq!(ask.command.messages.len(), 1, "the owner is told");
    let [Write::ReplaceSession { session: ended, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, next.session.version);
    let end = ended.ended.unwrap();
    assert_eq!((end.reason, end.at), (EndReason::RefreshReused, world.now()));
    let [record] = &ask.command.events[..] else { panic!("other events") };
    assert_eq!(record.event, Event::RefreshReused { generation: 0, current: 1 });
    assert_eq!((record.user, record.session), (Some(signed_in.user.id), Some(ended.id)));
    assert_eq!(expect!(ask.answer(Ok(())), Done).unwrap_err(), Refusal::RevokedToken);
}

#[test]
fn a_token_whose_successor_was_exchanged_ends_the_session_within_the_grace_too() {
    let (mut world, signed_in) = world_with_session();
    let second = run(&mut world, &signed_in.tokens).unwrap();
    let third = run(&mut world, &second.tokens).unwrap();
    assert_eq!(run(&mut world, &signed_in.tokens).unwrap_err(), Refusal::RevokedToken);
    assert_eq!(run(&mut world, &third.tokens).unwrap_err(), Refusal::RevokedToken);
    let access = third.tokens.access.expose();
    assert_eq!(world.authenticate(access).unwrap_err(), Refusal::RevokedToken);
}

#[test]
fn a_token_older_than_the_horizon_is_not_told_from_a_made_up_one() {
    let (mut world, signed_in) = world_with_session();
    let mut policy = world.settings().policy().clone();
    policy.reuse_horizon = 2;
    world.set_policy(policy);
    let mut chain = vec![signed_in.tokens];
    for _ in 0..3 {
        let next = run(&mut world, chain.last().unwrap()).unwrap();
        chain.push(next.tokens);
    }
    assert_eq!(run(&mut world, &chain[0]).unwrap_err(), Refusal::InvalidToken);
    assert!(world.authenticate(chain[3].access.expose()).is_ok(), "and it ends nothing");
    assert_eq!(run(&mut world, &chain[1]).unwrap_err(), Refusal::RevokedToken);
}

#[test]
fn a_made_up_token_ends_nothing() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let (mut other, _) = world_with_session();
    // Genuine in another world, for a session of the same id.
    other.set_keys("another-secret-of-tests-and-of-nothing-else");
    let foreign = run(&mut other, &tokens).unwrap();
    assert_eq!(foreign.session.id, session.id);
    let mut ahead = run(&mut world, &tokens).unwrap().session;
    for generation in [0, 1, 2] {
        ahead.generation = generation;
        let refused = answer(&mut world, &foreign.tokens, &ahead, &user);
        assert_eq!(refused, Refusal::InvalidToken, "generation {generation}");
    }
    let step = refresh("tdr_made-up", world.env());
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::InvalidToken);
    let step = refresh(tokens.access.expose(), world.env());
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::InvalidToken);
}

#[test]
fn an_unknown_session_is_an_invalid_token() {
    let (mut world, signed_in) = world_with_session();
    let step = expect!(begin(&mut world, &signed_in.tokens), FindSession).answer(None);
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::InvalidToken);
}

#[test]
fn an_idle_session_refreshes_until_just_before_its_end() {
    let (world, signed_in) = world_with_session();
    let idle = world.settings().policy().session.idle;
    assert_ends_at(&world, &signed_in.tokens, world.now() + idle);
}

#[test]
fn a_session_that_is_used_refreshes_until_just_before_its_absolute_end() {
    let (mut world, signed_in) = world_with_session();
    let (start, mut tokens) = (world.now(), signed_in.tokens);
    for _ in 0..13 {
        world.advance(Duration::from_minutes(12 * 60));
        tokens = run(&mut world, &tokens).unwrap().tokens;
    }
    let absolute = world.settings().policy().session.absolute;
    assert_ends_at(&world, &tokens, start + absolute);
}

/// Valid if and only if now < end.
fn assert_ends_at(world: &World, tokens: &Tokens, end: Timestamp) {
    let at = |now| {
        let mut world = world.clone();
        world.set_clock(now);
        run(&mut world, tokens).map(|refreshed| refreshed.session.access_expires_at)
    };
    let just_before = Timestamp::from_millis(end.as_millis() - 1);
    assert!(at(just_before).is_ok());
    assert_eq!(at(end).unwrap_err(), Refusal::ExpiredToken);
    assert_eq!(at(end + MILLISECOND).unwrap_err(), Refusal::ExpiredToken);
}

#[test]
fn an_access_token_ends_with_its_session_at_the_latest() {
    let (mut world, signed_in) = world_with_session();
    let mut tokens = signed_in.tokens;
    let end = signed_in.session.expires_at;
    while world.now() + Duration::from_minutes(12 * 60) < end {
        world.advance(Duration::from_minutes(12 * 60));
        tokens = run(&mut world, &tokens).unwrap().tokens;
    }
    world.set_clock(Timestamp::from_millis(end.as_millis() - 1000));
    let last = run(&mut world, &tokens).unwrap();
    assert_eq!(last.session.access_expires_at, end);
    assert_eq!(last.tokens.expires_in, Duration::from_secs(1));
}

#[test]
fn a_revoked_session_is_told_to_holders_of_its_tokens_only() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let next = run(&mut world, &tokens).unwrap();
    let inactive = User { is_active: false, ..user.clone() };
    let moved_on = User { epoch: user.epoch.next(), ..user.clone() };
    for owner in [&inactive, &moved_on] {
        // The current token and, within the grace, the one before it.
        assert_eq!(answer(&mut world, &tokens, &session, owner), Refusal::RevokedToken);
        assert_eq!(answer(&mut world, &tokens, &next.session, owner), Refusal::RevokedToken);
        // A token of a generation that never was.
        assert_eq!(answer(&mut world, &next.tokens, &session, owner), Refusal::InvalidToken);
    }
}

#[test]
fn after_a_conflict_the_loser_answers_with_the_winners_pair() {
    let (mut world, signed_in) = world_with_session();
    let step = begin(&mut world, &signed_in.tokens);
    let step = expect!(step, FindSession).answer(owned(&signed_in.session, &signed_in.user));
    let ask = expect!(step, Commit);
    let winner = run(&mut world, &signed_in.tokens).unwrap();
    let step = ask.answer(Err(Conflict));
    let step = expect!(step, FindSession).answer(owned(&winner.session, &signed_in.user));
    let loser = expect!(expect!(step, Commit).answer(Ok(())), Done).unwrap();
    assert_eq!(loser.tokens.refresh.expose(), winner.tokens.refresh.expose());
    assert_eq!(loser.tokens.access.expose(), winner.tokens.access.expose());
}

#[test]
fn a_refresh_that_keeps_losing_gives_up() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let mut step = begin(&mut world, &tokens);
    for _ in 0..17 {
        let ask = expect!(expect!(step, FindSession).answer(owned(&session, &user)), Commit);
        step = ask.answer(Err(Conflict));
    }
    assert_eq!(expect!(step, Done).unwrap_err(), Refusal::Busy);
}

#[test]
fn an_access_token_is_valid_until_just_before_its_end() {
    let (world, SignedIn { user, session, tokens }) = world_with_session();
    let at = |now| {
        let step = authenticate(tokens.access.expose(), world.settings(), now);
        expect!(expect!(step, FindSession).answer(owned(&session, &user)), Done)
    };
    let end = world.now() + Duration::from_minutes(15);
    assert_eq!(at(Timestamp::from_millis(end.as_millis() - 1)), Ok(session.clone()));
    assert_eq!(at(end), Err(Refusal::ExpiredToken));
    assert_eq!(at(end + MILLISECOND), Err(Refusal::ExpiredToken));
}

#[test]
fn an_access_token_dies_when_its_session_moves_on_or_ends() {
    let (mut world, signed_in) = world_with_session();
    let access = signed_in.tokens.access.expose();
    let next = run(&mut world, &signed_in.tokens).unwrap();
    assert_eq!(world.authenticate(access).unwrap_err(), Refusal::InvalidToken);
    let access = next.tokens.access.expose();
    assert_eq!(world.authenticate(access), Ok(next.session));
    world.change_user(super::ADA, |user| user.is_active = false);
    assert_eq!(world.authenticate(access).unwrap_err(), Refusal::RevokedToken);
}
