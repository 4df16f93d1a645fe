//! Closing an account, opening it again, and getting no more mail.

use testudo::command::{Conflict, Guard, Write};
use testudo::event::Event;
use testudo::flow::admin::{self, activate, deactivate};
use testudo::flow::{
    Login, Unsubscribed, close_account, login, logout, refresh, reopen_account, sweep, unsubscribe,
    unsubscribe_token,
};
use testudo::message::MessageKind;
use testudo::model::User;
use testudo::testing::{World, expect};
use testudo::{Duration, Refusal, Secret};

use super::{ADA, PASSWORD, by_email, mail, mailed, record, world_with_ada, world_with_session};

fn reopen(world: &mut World, token: &Secret<String>) -> Result<(), Refusal> {
    world.run(|env| reopen_account(token.expose(), env))
}

/// A world in which Ada has closed her account, and the link that was mailed to her.
fn closed_world() -> (World, Secret<String>) {
    let (mut world, signed_in) = world_with_session();
    world.run(|env| close_account(signed_in.tokens.access.expose(), env)).unwrap();
    let token = mailed(&world, MessageKind::AccountClosed);
    (world, token)
}

#[test]
fn closing_ends_all_sessions_and_says_until_when_it_may_be_undone() {
    let (mut world, signed_in) = world_with_session();
    world.advance(Duration::from_minutes(1));
    let (session, ada) = (&signed_in.session, &signed_in.user);
    let closes_at = world.now() + world.settings().policy().closing_grace;
    let step = close_account(signed_in.tokens.access.expose(), world.env());
    let found = Some((session.clone(), ada.clone()));
    let ask = expect!(expect!(step, FindSessionWithUser).answer(found), Commit);
    let guard = Guard::SessionVersion { id: session.id, version: session.version };
    assert_eq!(ask.command.guards, [guard]);
    let [Write::ReplaceUser { user, was }] = &ask.command.writes[..] else { panic!("no write") };
    assert_eq!(*was, ada.version);
    let expected = User {
        closes_at: Some(closes_at),
        epoch: ada.epoch.beginning_at(world.now()),
        version: ada.version.next(),
        updated_at: world.now(),
        ..ada.clone()
    };
    assert_eq!(**user, expected);
    assert_eq!(ask.command.events[0].event, Event::AccountClosed { closes_at });
    assert_eq!(expect!(ask.answer(Ok(())), Done), Ok(closes_at));

    let access = signed_in.tokens.access.expose();
    assert_eq!(world.run(|env| close_account(access, env)), Ok(closes_at));
    assert_eq!(mail(&world), [(MessageKind::AccountClosed, ADA.to_owned())]);
    assert_eq!(world.messages()[0].expires_at, Some(closes_at));
    assert_eq!(world.authenticate(access), Err(Refusal::RevokedToken));
    let refused = world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap_err();
    assert_eq!(refused, Refusal::InvalidCredentials, "as though deactivated");
}

#[test]
fn a_closing_that_loses_to_a_refresh_goes_on_and_one_that_loses_to_a_sign_out_does_not() {
    let (mut world, signed_in) = world_with_session();
    let access = signed_in.tokens.access.expose();
    let mut until_conflict = || {
        let step = close_account(access, world.env());
        let found = Some((signed_in.session.clone(), signed_in.user.clone()));
        let step = expect!(step, FindSessionWithUser).answer(found);
        expect!(expect!(step, Commit).answer(Err(Conflict)), FindSessionWithUser)
    };
    let (one, other) = (until_conflict(), until_conflict());
    let mut ended = world.clone();
    let next = world.run(|env| refresh(signed_in.tokens.refresh.expose(), env)).unwrap();
    let step = one.answer(Some((next.session, signed_in.user.clone())));
    assert!(expect!(expect!(step, Commit).answer(Ok(())), Done).is_ok());
    ended.run(|env| logout(access, env)).unwrap();
    let session = ended.tables().sessions().next().unwrap().clone();
    let step = other.answer(Some((session, signed_in.user.clone())));
    assert_eq!(expect!(step, Done), Err(Refusal::RevokedToken));
}

#[test]
fn a_closed_account_is_opened_once_strictly_before_it_is_removed() {
    let (mut world, token) = closed_world();
    let grace = world.settings().policy().closing_grace;
    world.advance(Duration::from_millis(grace.as_millis() - 1));
    let mut late = world.clone();
    late.advance(Duration::from_millis(1));
    assert_eq!(reopen(&mut late, &token), Err(Refusal::InvalidToken));
    late.advance(Duration::from_days(1));
    let now = late.now();
    late.run(|env| sweep(10, env.settings().policy(), now));
    assert_eq!(late.tables().users().count(), 0, "removed");

    // What an application removes earlier is not opened any more either.
    let mut hastened = world.clone();
    let now = Some(hastened.now());
    hastened.change_user(ADA, |user| user.closes_at = now);
    assert_eq!(reopen(&mut hastened, &token), Err(Refusal::InvalidToken));

    let closed = record(&world, ADA);
    assert_eq!(reopen(&mut world, &token), Ok(()));
    let expected = User {
        closes_at: None,
        epoch: closed.epoch.beginning_at(world.now()),
        version: closed.version.next(),
        updated_at: world.now(),
        ..closed
    };
    assert_eq!(record(&world, ADA), expected);
    assert_eq!(mail(&world).pop().unwrap(), (MessageKind::AccountReopened, ADA.to_owned()));
    assert_eq!(reopen(&mut world, &token), Err(Refusal::InvalidToken));
    assert_eq!(world.tables().sessions().count(), 1, "nobody is signed in by it");
    // Closed once more: the first link is of another closing.
    let access = world.login(ADA, PASSWORD).tokens.access;
    world.run(|env| close_account(access.expose(), env)).unwrap();
    assert_eq!(reopen(&mut world, &token), Err(Refusal::InvalidToken));
}

#[test]
fn a_closed_account_that_was_deactivated_is_opened_by_administrators_only() {
    let (mut world, token) = closed_world();
    world.run(|env| deactivate(by_email(ADA), env)).unwrap();
    assert_eq!(reopen(&mut world, &token), Err(Refusal::InvalidToken));
    let active = world.run(|env| activate(by_email(ADA), env)).unwrap();
    assert!(active.closes_at.is_some(), "activation opens no closed account");
    assert_eq!(reopen(&mut world, &token), Err(Refusal::InvalidToken));
    let opened = world.run(|env| admin::reopen_account(by_email(ADA), env)).unwrap();
    assert!(opened.may_be_used() && opened.epoch > active.epoch);
    let again = world.run(|env| admin::reopen_account(by_email(ADA), env)).unwrap();
    assert_eq!(again, opened, "nothing to do");
    let nobody = world.run(|env| admin::reopen_account(by_email("nobody@example.com"), env));
    assert_eq!(nobody, Err(Refusal::NotFound));
    world.login(ADA, PASSWORD);
}

#[test]
fn who_wants_no_more_mail_says_so_as_often_as_they_like_for_a_year() {
    let (mut world, ada) = world_with_ada();
    let topic = "news of the week: 1 & 2";
    let token = unsubscribe_token(ada.id, topic, world.now(), world.settings()).unwrap();
    let wish = |world: &mut World| world.run(|env| unsubscribe(token.expose(), env));
    let wanted = Unsubscribed { user: ada.id, topic: topic.to_owned() };
    // Changes of the account take nothing from it.
    world.run(|env| deactivate(by_email(ADA), env)).unwrap();
    world.advance(Duration::from_days(364));
    for _ in 0..2 {
        assert_eq!(wish(&mut world), Ok(wanted.clone()));
        let last = world.tables().events().pop().unwrap();
        let event = Event::Unsubscribed { topic: topic.to_owned() };
        assert_eq!((last.event, last.user), (event, Some(ada.id)));
    }
    world.advance(Duration::from_days(1));
    assert_eq!(wish(&mut world), Err(Refusal::InvalidToken));
}

#[test]
fn a_link_of_an_account_that_is_gone_unsubscribes_nobody() {
    let (mut world, ada) = world_with_ada();
    let token = unsubscribe_token(ada.id, "", world.now(), world.settings()).unwrap();
    let step = unsubscribe(token.expose(), world.env());
    let ask = expect!(expect!(step, FindUser).answer(Some(ada)), Commit);
    // Removed between the look and the commit.
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(None);
    assert_eq!(expect!(step, Done), Err(Refusal::InvalidToken));
    let step = unsubscribe("tdl_made_up", world.env());
    assert_eq!(expect!(step, Done), Err(Refusal::InvalidToken));
}

#[test]
fn a_topic_has_at_most_987_bytes() {
    let (world, ada) = world_with_ada();
    let token =
        |length| unsubscribe_token(ada.id, &"x".repeat(length), world.now(), world.settings());
    assert!(token(987).is_ok() && token(988).is_err());
}
