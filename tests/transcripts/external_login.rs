//! Signing in somebody whom another service vouches for.

use testudo::command::{Conflict, Write};
use testudo::event::{Event, LoginFailure};
use testudo::flow::admin::{SetPassword, deactivate, set_password};
use testudo::flow::{ExternalLogin, external_login, logout_all};
use testudo::model::{Method, User, UserId};
use testudo::testing::expect;
use testudo::{Duration, Refusal};

use super::{ADA, by_email, world_with_ada};

#[test]
fn an_account_is_let_in_without_its_password() {
    let (mut world, ada) = world_with_ada();
    world.advance(Duration::from_minutes(1));
    let step = external_login(ExternalLogin::new(ada.id), world.env());
    let ask = expect!(expect!(step, FindUser).answer(Some(ada.clone())), Commit);
    let [Write::ReplaceUser { user, was }, Write::InsertSession(session)] = &ask.command.writes[..]
    else {
        panic!("{:?}", ask.command.writes)
    };
    assert_eq!(*was, ada.version);
    let expected =
        User { last_login: Some(world.now()), version: ada.version.next(), ..ada.clone() };
    assert_eq!(**user, expected);
    assert_eq!((session.user, session.epoch), (ada.id, ada.epoch));
    assert_eq!(session.methods, [Method::Federated]);
    let [event] = &ask.command.events[..] else { panic!("{:?}", ask.command.events) };
    let methods = vec![Method::Federated];
    assert_eq!(event.event, Event::UserLogin { methods, password_rehashed: false });
    assert_eq!((event.user, event.session), (Some(ada.id), Some(session.id)));
    let id = session.id;
    let signed_in = expect!(ask.answer(Ok(())), Done).unwrap();
    assert_eq!(signed_in.signed_in().unwrap().session.id, id);
}

#[test]
fn who_is_remembered_by_it_is_remembered_for_as_long_as_others() {
    let (mut world, ada) = world_with_ada();
    let remembered = ExternalLogin { remember: true, ..ExternalLogin::new(ada.id) };
    let session = world.run(|env| external_login(remembered, env)).unwrap();
    let session = session.signed_in().unwrap().session;
    assert_eq!(session.idle_timeout, world.settings().policy().remembered_session.idle);
}

#[test]
fn nobody_and_who_may_not_come_in_are_refused_alike_and_told_apart_in_the_events() {
    let (mut world, ada) = world_with_ada();
    let nobody =
        ExternalLogin::new("018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse::<UserId>().unwrap());
    assert_eq!(
        world.run(|env| external_login(nobody, env)).unwrap_err(),
        Refusal::InvalidCredentials
    );
    world.run(|env| deactivate(by_email(ADA), env)).unwrap();
    let before = world.tables().events().len();
    let refused = world.run(|env| external_login(ExternalLogin::new(ada.id), env)).unwrap_err();
    assert_eq!(refused, Refusal::InvalidCredentials);
    let events = world.tables().events();
    let [event] = &events[before..] else { panic!("{events:?}") };
    assert!(matches!(
        &event.event,
        Event::UserLoginFailed { reason: LoginFailure::Inactive, .. } if event.user == Some(ada.id)
    ));
}

#[test]
fn a_password_that_is_due_for_a_change_is_asked_for_when_it_is_used_next() {
    let (mut world, ada) = world_with_ada();
    let password = "another horse battery".into();
    let request = SetPassword { user: by_email(ADA), password, must_change: true };
    world.run(|env| set_password(request, env)).unwrap();
    assert!(world.run(|env| external_login(ExternalLogin::new(ada.id), env)).is_ok());
}

#[test]
fn what_changes_meanwhile_is_looked_at_again() {
    let (mut world, ada) = world_with_ada();
    let step = external_login(ExternalLogin::new(ada.id), world.env());
    let ask = expect!(expect!(step, FindUser).answer(Some(ada.clone())), Commit);
    let again = expect!(ask.answer(Err(Conflict)), FindUser);
    let gone = User { is_active: false, ..ada };
    let ask = expect!(again.answer(Some(gone)), Commit);
    assert!(ask.command.writes.is_empty(), "no session for who was deactivated");
    assert_eq!(expect!(ask.answer(Ok(())), Done).unwrap_err(), Refusal::InvalidCredentials);
}

#[test]
fn what_ends_all_sessions_ends_these() {
    let (mut world, ada) = world_with_ada();
    let signed_in = world.run(|env| external_login(ExternalLogin::new(ada.id), env)).unwrap();
    let access = signed_in.signed_in().unwrap().tokens.access;
    world.run(|env| logout_all(access.expose(), env)).unwrap();
    assert_eq!(world.authenticate(access.expose()), Err(Refusal::RevokedToken));
}
