//! Signing in when a new password is due.

use testudo::command::{PasswordVerdict, Unhashable, Write};
use testudo::event::{Event, LoginFailure};
use testudo::flow::{Login, SignedIn, login};
use testudo::message::MessageKind;
use testudo::model::User;
use testudo::testing::{World, expect};
use testudo::{Refusal, Step};

use super::{ADA, PASSWORD, allow, notice, world_with_ada};

const NEW: &str = "a wholly different phrase";

fn world_with_owing_ada() -> (World, User) {
    let (mut world, _) = world_with_ada();
    let ada = world.change_user(ADA, |user| user.must_change_password = true);
    (world, ada)
}

fn until_verified(
    world: &mut World,
    ada: &User,
    new_password: Option<&str>,
) -> Step<Result<SignedIn, Refusal>> {
    let new_password = new_password.map(Into::into);
    let request = Login { new_password, ..Login::new(ADA, PASSWORD.into()) };
    let step = allow(login(request, world.env()), world);
    let step = expect!(step, FindUser).answer(Some(ada.clone()));
    expect!(step, VerifyPassword).answer(PasswordVerdict::Valid { outdated: false })
}

#[test]
fn a_right_password_opens_nothing_and_the_attempt_is_taken_back() {
    let (mut world, ada) = world_with_owing_ada();
    let ask = expect!(until_verified(&mut world, &ada, None), Commit);
    assert!(matches!(&ask.command.writes[..], [Write::RefundAttempt { .. }]));
    let reason = LoginFailure::PasswordChangeRequired;
    let failed = Event::UserLoginFailed { email: "a***@example.com".into(), reason };
    assert_eq!(ask.command.events[0].event, failed);
    assert_eq!(expect!(ask.answer(Ok(())), Done).unwrap_err(), Refusal::PasswordChangeRequired);
}

#[test]
fn a_new_password_opens_a_session_in_the_next_epoch() {
    let (mut world, ada) = world_with_owing_ada();
    let ask = expect!(until_verified(&mut world, &ada, Some(NEW)), HashPassword);
    assert_eq!(ask.command.password.expose(), NEW);
    let hash = World::stored_hash(NEW, true);
    let ask = expect!(ask.answer(Ok(hash.clone())), Commit);
    let events: Vec<_> = ask.command.events.iter().map(|record| &record.event).collect();
    assert!(matches!(events[..], [Event::PasswordChanged, Event::UserLogin { .. }]));
    assert_eq!(notice(&ask.command), (MessageKind::PasswordChanged, ADA.to_owned()));
    let SignedIn { user, session, .. } = expect!(ask.answer(Ok(())), Done).unwrap();
    assert_eq!((user.password, user.must_change_password), (hash, false));
    assert_eq!((user.epoch, session.epoch), (ada.epoch.next(), ada.epoch.next()));
    assert_eq!(user.version, ada.version.next());
}

#[test]
fn an_unfit_new_password_opens_nothing() {
    let (mut world, ada) = world_with_owing_ada();
    for (unfit, code) in [
        ("short", "password_too_short"),
        (PASSWORD, "password_unchanged"),
        (ADA, "password_too_similar"),
    ] {
        let ask = expect!(until_verified(&mut world, &ada, Some(unfit)), Commit);
        assert!(matches!(&ask.command.writes[..], [Write::RefundAttempt { .. }]));
        let refusal = expect!(ask.answer(Ok(())), Done).unwrap_err();
        let Refusal::Invalid(errors) = refusal else { panic!("{refusal:?}") };
        assert!(errors.iter().any(|error| (error.field, error.code) == ("new_password", code)));
    }
    let step = until_verified(&mut world, &ada, Some(NEW));
    let refused = Err(Unhashable::TooLong { most: 72 });
    let ask = expect!(expect!(step, HashPassword).answer(refused), Commit);
    let refusal = expect!(ask.answer(Ok(())), Done).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(errors) if errors[0].code == "password_too_long"));
}

#[test]
fn nobody_learns_of_it_without_the_right_password() {
    let (mut world, _) = world_with_owing_ada();
    let request =
        Login { new_password: Some(NEW.into()), ..Login::new(ADA, "a wrong guess".into()) };
    let refusal = world.run(|env| login(request, env)).unwrap_err();
    assert_eq!(refusal, Refusal::InvalidCredentials);
}

#[test]
fn a_new_password_that_nobody_asked_for_is_not_looked_at() {
    let (mut world, ada) = world_with_ada();
    let request = Login { new_password: Some("x".into()), ..Login::new(ADA, PASSWORD.into()) };
    let signed_in = world.run(|env| login(request, env)).unwrap();
    assert_eq!(signed_in.user.password, ada.password);
}
