//! Looking at one's sessions, and ending one of them from another.

use testudo::command::{Conflict, Guard, Write};
use testudo::event::Event;
use testudo::flow::{
    SessionPage, SignedIn, list_sessions, logout, logout_all, refresh, revoke_session,
};
use testudo::model::{EndReason, Session, SessionId, User};
use testudo::testing::{World, expect};
use testudo::{Duration, Refusal};

use super::{ADA, PASSWORD, owned, world_with_session};

/// A world in which Ada has signed in twice, and somebody else once.
fn world_with_three() -> (World, SignedIn, SignedIn, SignedIn) {
    let (mut world, first) = world_with_session();
    world.advance(Duration::from_secs(1));
    let second = world.login(ADA, PASSWORD);
    world.register("eve@example.com", PASSWORD);
    let foreign = world.login("eve@example.com", PASSWORD);
    (world, first, second, foreign)
}

fn listed(world: &mut World, access: &str) -> Vec<SessionId> {
    let now = world.now();
    let sessions = world
        .run(|env| list_sessions(access, SessionPage::default(), env.settings(), now))
        .unwrap();
    sessions.sessions.iter().map(|session| session.id).collect()
}

#[test]
fn the_live_sessions_of_the_tokens_owner_are_listed_newest_first() {
    let (mut world, first, second, _) = world_with_three();
    let access = first.tokens.access.expose();
    assert_eq!(listed(&mut world, access), [second.session.id, first.session.id]);
    let now = world.now();
    let page = SessionPage { before: Some(second.session.id), limit: 1 };
    let sessions = world.run(|env| list_sessions(access, page, env.settings(), now)).unwrap();
    assert_eq!(sessions.current, first.session.id);
    assert_eq!(sessions.sessions.len(), 1);
    assert_eq!(sessions.sessions[0].id, first.session.id);
}

#[test]
fn sessions_that_ended_or_are_over_are_not_listed() {
    let (mut world, first, second, _) = world_with_three();
    world.run(|env| logout(second.tokens.access.expose(), env)).unwrap();
    assert_eq!(listed(&mut world, first.tokens.access.expose()), [first.session.id]);

    let idle = world.login(ADA, PASSWORD);
    world.advance(Duration::from_days(1));
    let fresh = world.login(ADA, PASSWORD);
    let access = fresh.tokens.access.expose();
    assert!(world.authenticate(idle.tokens.access.expose()).is_err());
    assert_eq!(listed(&mut world, access), [fresh.session.id]);
}

#[test]
fn a_dead_token_lists_nothing() {
    let (mut world, first, ..) = world_with_three();
    let access = first.tokens.access.expose();
    world.run(|env| logout_all(access, env)).unwrap();
    let now = world.now();
    let refused = world
        .run(|env| list_sessions(access, SessionPage::default(), env.settings(), now))
        .unwrap_err();
    assert_eq!(refused, Refusal::RevokedToken);
}

#[test]
fn another_session_is_ended_in_one_commit_that_guards_the_one_that_asks() {
    let (mut world, first, second, _) = world_with_three();
    let step = revoke_session(first.tokens.access.expose(), second.session.id, world.env());
    let ask = expect!(step, FindSession);
    assert_eq!(ask.command.id, first.session.id);
    let ask = expect!(ask.answer(owned(&first.session, &first.user)), FindSession);
    assert_eq!(ask.command.id, second.session.id);
    let ask = expect!(ask.answer(owned(&second.session, &second.user)), Commit);
    let guards = [
        Guard::UserEpoch { id: first.user.id, epoch: first.session.epoch },
        Guard::SessionVersion { id: first.session.id, version: first.session.version },
    ];
    assert_eq!(ask.command.guards, guards);
    let [Write::ReplaceSession { session: ended, was }] = &ask.command.writes[..] else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((ended.id, *was), (second.session.id, second.session.version));
    assert_eq!(ended.ended.unwrap().reason, EndReason::Revoked);
    assert_eq!(ask.command.events[0].event, Event::SessionRevoked);
    assert_eq!(ask.command.events[0].session, Some(second.session.id));
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn foreign_unknown_ended_and_expired_sessions_look_alike() {
    let (mut world, first, second, foreign) = world_with_three();
    let now = world.now();
    let ended = Session {
        ended: Some(testudo::model::Ended { at: now, reason: EndReason::SignedOut }),
        ..second.session.clone()
    };
    let over = Session { expires_at: now, ..second.session.clone() };
    let moved_on = User { epoch: second.user.epoch.next(), ..second.user.clone() };
    for found in [
        None,
        owned(&foreign.session, &foreign.user),
        owned(&ended, &second.user),
        owned(&over, &second.user),
        owned(&second.session, &moved_on),
    ] {
        let step = revoke_session(first.tokens.access.expose(), second.session.id, world.env());
        let step = expect!(step, FindSession).answer(owned(&first.session, &first.user));
        assert_eq!(expect!(expect!(step, FindSession).answer(found), Done), Err(Refusal::NotFound));
    }
}

#[test]
fn ones_own_session_is_ended_as_by_signing_out() {
    let (mut world, first, ..) = world_with_three();
    let access = first.tokens.access.expose();
    let step = revoke_session(access, first.session.id, world.env());
    let ask =
        expect!(expect!(step, FindSession).answer(owned(&first.session, &first.user)), Commit);
    assert_eq!(ask.command.events[0].event, Event::UserLogout);
    let id = first.session.id;
    world.run(|env| revoke_session(access, id, env)).unwrap();
    assert_eq!(world.authenticate(access), Err(Refusal::RevokedToken));
}

#[test]
fn a_refresh_of_either_session_saves_nothing() {
    let (mut world, first, second, _) = world_with_three();
    let step = revoke_session(first.tokens.access.expose(), second.session.id, world.env());
    let step = expect!(step, FindSession).answer(owned(&first.session, &first.user));
    let step = expect!(step, FindSession).answer(owned(&second.session, &second.user));
    let ask = expect!(step, Commit);
    let mut next = |signed_in: &SignedIn| {
        world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap().session
    };
    let (first_next, second_next) = (next(&first), next(&second));
    let step = expect!(ask.answer(Err(Conflict)), FindSession);
    let step = step.answer(owned(&first_next, &first.user));
    let step = expect!(step, FindSession).answer(owned(&second_next, &second.user));
    let ask = expect!(step, Commit);
    let Write::ReplaceSession { was, .. } = &ask.command.writes[0] else { panic!("no session") };
    assert_eq!(*was, second_next.version);
}

#[test]
fn a_token_that_was_revoked_meanwhile_ends_no_other_session() {
    let (mut world, first, second, _) = world_with_three();
    world.run(|env| logout(first.tokens.access.expose(), env)).unwrap();
    let ended =
        world.tables().sessions().find(|session| session.id == first.session.id).unwrap().clone();
    for (found, refusal) in
        [(owned(&ended, &first.user), Refusal::RevokedToken), (None, Refusal::InvalidToken)]
    {
        let step = revoke_session(first.tokens.access.expose(), second.session.id, world.env());
        let step = expect!(step, FindSession).answer(owned(&first.session, &first.user));
        let step = expect!(step, FindSession).answer(owned(&second.session, &second.user));
        let step = expect!(expect!(step, Commit).answer(Err(Conflict)), FindSession).answer(found);
        assert_eq!(expect!(step, Done), Err(refusal));
    }
}
