//! Ending all of one's sessions but one.

use testudo::command::{Conflict, Write};
use testudo::event::Event;
use testudo::flow::{SignedIn, end_other_sessions, logout};
use testudo::testing::expect;
use testudo::{Refusal, Step};

use super::{ADA, PASSWORD, world_with_session};

#[test]
fn the_epoch_goes_up_and_this_session_goes_with_it_in_one_commit() {
    let (mut world, SignedIn { user, session, tokens }) = world_with_session();
    let step = end_other_sessions(tokens.access.expose(), world.env());
    let ask = expect!(step, FindSessionWithUser);
    let ask = expect!(ask.answer(Some((session.clone(), user.clone()))), Commit);
    let [
        Write::ReplaceUser { user: raised, was: user_was },
        Write::ReplaceSession { session: kept, was: session_was },
    ] = &ask.command.writes[..]
    else {
        panic!("other writes: {:?}", ask.command.writes)
    };
    assert_eq!((*user_was, *session_was), (user.version, session.version));
    assert_eq!(
        (raised.epoch, kept.epoch),
        (user.epoch.beginning_at(world.now()), user.epoch.beginning_at(world.now()))
    );
    assert_eq!(ask.command.events[0].event, Event::OtherSessionsEnded);
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(()));
}

#[test]
fn the_other_sessions_end_and_this_one_refreshes_on() {
    let (mut world, here) = world_with_session();
    let there = world.login(ADA, PASSWORD);
    world.run(|env| end_other_sessions(here.tokens.access.expose(), env)).unwrap();
    assert!(world.authenticate(here.tokens.access.expose()).is_ok());
    let ended = world.authenticate(there.tokens.access.expose());
    assert_eq!(ended.unwrap_err(), Refusal::RevokedToken);
    let next = world.run(|env| testudo::flow::refresh(here.tokens.refresh.expose(), env)).unwrap();
    assert!(world.authenticate(next.tokens.access.expose()).is_ok());
}

#[test]
fn a_token_that_was_revoked_meanwhile_ends_no_other_session() {
    let (mut world, here) = world_with_session();
    let there = world.login(ADA, PASSWORD);
    let step = end_other_sessions(here.tokens.access.expose(), world.env());
    let found = Some((here.session.clone(), here.user.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), Commit);
    world.run(|env| logout(here.tokens.access.expose(), env)).unwrap();
    let step = expect!(ask.answer(Err(Conflict)), FindSessionWithUser);
    let ended = world.tables().sessions().find(|it| it.id == here.session.id).cloned().unwrap();
    let Step::Done(refused) = step.answer(Some((ended, here.user))) else { panic!("it goes on") };
    assert_eq!(refused, Err(Refusal::RevokedToken));
    assert!(world.authenticate(there.tokens.access.expose()).is_ok());
}
