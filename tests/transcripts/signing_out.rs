//! Signing out: of one session, and of all.

use std::sync::Arc;

use testudo::command::{Conflict, Guard, Write};
use testudo::event::Event;
use testudo::flow::{SignedIn, authenticate, authenticate_user, logout, logout_all, refresh};
use testudo::model::{EndReason, Session, User};
use testudo::testing::expect;
use testudo::{Duration, Refusal};

use super::{ADA, PASSWORD, owned, world_with_session};

#[test]
fn a_logout_ends_its_session_in_one_commit() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    world.advance(Duration::from_minutes(1));
    let step = logout(tokens.access.expose(), world.env());
    let ask = expect!(expect!(step, FindSession).answer(owned(&session, &user)), Commit);
    let [Write::ReplaceSession { session: ended, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((*was, ended.version), (session.version, session.version.next()));
    let end = ended.ended.unwrap();
    assert_eq!((end.reason, end.at), (EndReason::SignedOut, world.now()));
    assert_eq!(ask.command.events[0].event, Event::UserLogout);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn a_logout_that_loses_to_a_refresh_ends_the_next_generation() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let step = logout(tokens.access.expose(), world.env());
    let ask = expect!(expect!(step, FindSession).answer(owned(&session, &user)), Commit);
    let next = world.run(|env| refresh(tokens.refresh.expose(), env)).unwrap().session;
    let step = expect!(ask.answer(Err(Conflict)), FindSession).answer(owned(&next, &user));
    let ask = expect!(step, Commit);
    let [Write::ReplaceSession { session: ended, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((*was, ended.generation), (next.version, 1));
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn a_logout_that_loses_to_another_end_of_the_session_has_nothing_left_to_do() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let moved_on = User { epoch: user.epoch.next(), ..user.clone() };
    for found in [owned(&session, &moved_on), None] {
        let step = logout(tokens.access.expose(), world.env());
        let ask = expect!(expect!(step, FindSession).answer(owned(&session, &user)), Commit);
        let is_there = found.is_some();
        let mut step = expect!(ask.answer(Err(Conflict)), FindSession).answer(found);
        if is_there {
            let ask = expect!(step, Commit);
            let guard = Guard::SessionVersion { id: session.id, version: session.version };
            assert_eq!(ask.command.guards, [guard], "what was read is sure to last");
            step = ask.answer(Ok(()));
        }
        assert_eq!(expect!(step, Done), Ok(()));
    }
}

#[test]
fn a_logout_everywhere_raises_the_epoch_in_one_commit() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    world.advance(Duration::from_minutes(1));
    let step = logout_all(tokens.access.expose(), world.env());
    let ask = expect!(step, FindSessionWithUser);
    let ask = expect!(ask.answer(Some((session.clone(), user.clone()))), Commit);
    let guard = Guard::SessionVersion { id: session.id, version: session.version };
    assert_eq!(ask.command.guards, [guard]);
    let [Write::ReplaceUser { user: raised, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!(*was, user.version);
    let expected = User {
        epoch: user.epoch.beginning_at(world.now()),
        version: user.version.next(),
        updated_at: world.now(),
        ..user
    };
    assert_eq!(**raised, expected);
    assert_eq!(ask.command.events[0].event, Event::UserLogoutAll);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn a_token_that_was_revoked_meanwhile_ends_no_other_session() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    world.run(|env| logout(tokens.access.expose(), env)).unwrap();
    let ended = world.tables().sessions().next().unwrap().clone();
    for (found, refusal) in
        [(Some((ended, user.clone())), Refusal::RevokedToken), (None, Refusal::InvalidToken)]
    {
        let step = logout_all(tokens.access.expose(), world.env());
        let step = expect!(step, FindSessionWithUser).answer(Some((session.clone(), user.clone())));
        let step = expect!(step, Commit).answer(Err(Conflict));
        let step = expect!(step, FindSessionWithUser).answer(found);
        assert_eq!(expect!(step, Done), Err(refusal));
    }
}

#[test]
fn both_keep_losing_only_for_so_long() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let mut step = logout(tokens.access.expose(), world.env());
    for _ in 0..17 {
        let ask = expect!(expect!(step, FindSession).answer(owned(&session, &user)), Commit);
        step = ask.answer(Err(Conflict));
    }
    assert_eq!(expect!(step, Done), Err(Refusal::Busy));

    let mut step = logout_all(tokens.access.expose(), world.env());
    for _ in 0..17 {
        let ask = expect!(step, FindSessionWithUser);
        let ask = expect!(ask.answer(Some((session.clone(), user.clone()))), Commit);
        step = ask.answer(Err(Conflict));
    }
    assert_eq!(expect!(step, Done), Err(Refusal::Busy));
}

/// What each flow that takes an access token says to it, when it finds this session.
fn refusals(token: &str, session: &Session, owner: &User) -> [Option<Refusal>; 4] {
    let (mut world, _) = world_with_session();
    let (settings, now) = (Arc::clone(world.settings()), world.now());
    let with_user = || Some((session.clone(), owner.clone()));
    let one = authenticate(token, &settings, now);
    let one = expect!(one, FindSession).answer(owned(session, owner));
    let two = authenticate_user(token, &settings, now);
    let two = expect!(two, FindSessionWithUser).answer(with_user());
    let three = expect!(logout(token, world.env()), FindSession).answer(owned(session, owner));
    let four = expect!(logout_all(token, world.env()), FindSessionWithUser).answer(with_user());
    let refused = |step| match step {
        testudo::Step::Done(result) => Result::<(), Refusal>::err(result),
        _ => None,
    };
    [expect!(one, Done).err(), expect!(two, Done).err(), refused(three), refused(four)]
}

#[test]
fn all_flows_that_take_an_access_token_judge_it_alike() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let other = world.login(ADA, PASSWORD);
    let access = tokens.access.expose();
    assert_eq!(refusals(access, &session, &user), [const { None }; 4]);

    let expect = |session: &Session, owner: &User, refusal: Refusal| {
        let refused = Some(refusal);
        assert_eq!(refusals(access, session, owner), [(); 4].map(|()| refused.clone()));
    };
    let moved_on = User { epoch: user.epoch.next(), ..user.clone() };
    let inactive = User { is_active: false, ..user.clone() };
    let expired = Session { access_expires_at: session.created_at, ..session.clone() };
    let next = Session { generation: 1, ..session.clone() };
    expect(&session, &moved_on, Refusal::RevokedToken);
    expect(&session, &inactive, Refusal::RevokedToken);
    expect(&expired, &user, Refusal::ExpiredToken);
    expect(&next, &user, Refusal::InvalidToken);
    expect(&other.session, &user, Refusal::InvalidToken);
    // What became of a session is not told to who made a token up.
    expect(&other.session, &moved_on, Refusal::InvalidToken);
}

#[test]
fn texts_that_are_no_access_token_ask_nothing() {
    let (mut world, signed_in) = world_with_session();
    let (settings, now) = (Arc::clone(world.settings()), world.now());
    for text in ["", "tda_", signed_in.tokens.refresh.expose()] {
        let one = expect!(authenticate(text, &settings, now), Done).map(drop);
        let two = expect!(authenticate_user(text, &settings, now), Done).map(drop);
        assert_eq!([one, two], [(); 2].map(|()| Err(Refusal::InvalidToken)));
        assert_eq!(expect!(logout(text, world.env()), Done), Err(Refusal::InvalidToken));
        assert_eq!(expect!(logout_all(text, world.env()), Done), Err(Refusal::InvalidToken));
    }
}
