//! Signing in to an account whose password still lives in the system that it comes from.

use testudo::command::{Conflict, LegacyVerdict, PasswordVerdict, Write};
use testudo::event::{Event, LoginFailure};
use testudo::flow::{Login, login};
use testudo::model::User;
use testudo::onboarding::SignIn;
use testudo::password::PasswordHash;
use testudo::testing::{World, expect};
use testudo::{Policy, Refusal, Step};

use super::{ADA, PASSWORD, allow, stored, world_with_ada};

type Outcome = Result<SignIn, Refusal>;

/// A world that consults the old system, and Ada, who comes from there.
fn world_with_legacy_ada() -> (World, User) {
    let (mut world, _) = world_with_ada();
    world.set_policy(Policy { consult_legacy: true, ..Policy::default() });
    let ada = world.change_user(ADA, |user| user.password = PasswordHash::legacy());
    (world, ada)
}

fn until_found(world: &mut World, ada: &User) -> Step<Outcome> {
    let step = login(Login::new(ADA, PASSWORD.into()), world.env());
    expect!(allow(step, world), FindUser).answer(Some(ada.clone()))
}

#[test]
fn the_old_system_is_asked_once_the_attempt_is_counted_and_its_yes_is_stored_as_a_hash() {
    let (mut world, ada) = world_with_legacy_ada();
    let ask = expect!(until_found(&mut world, &ada), ConsultLegacy);
    assert_eq!((ask.command.email.as_str(), ask.command.password.expose()), (ADA, PASSWORD));
    let ask = expect!(ask.answer(LegacyVerdict::Right), HashPassword);
    let hash = World::stored_hash(PASSWORD, true);
    let ask = expect!(ask.answer(Ok(hash.clone())), Commit);
    let Write::ReplaceUser { user, was } = &ask.command.writes[0] else { panic!("no user") };
    assert_eq!((&user.password, *was, user.epoch), (&hash, ada.version, ada.epoch));
    let signed_in = expect!(ask.answer(Ok(())), Done).unwrap().signed_in().unwrap();
    assert_eq!(signed_in.user.password, hash);
}

#[test]
fn what_the_old_system_refuses_costs_a_hash_and_looks_like_any_wrong_password() {
    let (mut world, ada) = world_with_legacy_ada();
    let ask = expect!(until_found(&mut world, &ada), ConsultLegacy);
    let ask = expect!(ask.answer(LegacyVerdict::Wrong), VerifyPassword);
    assert_eq!(stored(&ask.command.against), None);
    // Not even a hasher that says yes signs anybody in.
    let ask = expect!(ask.answer(PasswordVerdict::Valid { outdated: false }), Commit);
    let reason = LoginFailure::WrongPassword;
    let failed = Event::UserLoginFailed { email: "a***@example.com".into(), reason };
    assert_eq!(ask.command.events[0].event, failed);
    assert_eq!(expect!(ask.answer(Ok(())), Done).unwrap_err(), Refusal::InvalidCredentials);
}

#[test]
fn after_a_conflict_the_old_system_is_not_asked_again() {
    let (mut world, ada) = world_with_legacy_ada();
    let step = expect!(until_found(&mut world, &ada), ConsultLegacy).answer(LegacyVerdict::Right);
    let hash = World::stored_hash(PASSWORD, true);
    let ask = expect!(expect!(step, HashPassword).answer(Ok(hash.clone())), Commit);
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(Some(ada));
    let signed_in =
        expect!(expect!(step, Commit).answer(Ok(())), Done).unwrap().signed_in().unwrap();
    assert_eq!(signed_in.user.password, hash);
}

#[test]
fn a_password_that_was_set_here_meanwhile_is_what_counts() {
    let (mut world, ada) = world_with_legacy_ada();
    let step = expect!(until_found(&mut world, &ada), ConsultLegacy).answer(LegacyVerdict::Right);
    let hash = World::stored_hash(PASSWORD, true);
    let ask = expect!(expect!(step, HashPassword).answer(Ok(hash)), Commit);
    let reset = User { password: World::stored_hash("another one", true), ..ada };
    let step = expect!(ask.answer(Err(Conflict)), FindUser).answer(Some(reset.clone()));
    let ask = expect!(step, VerifyPassword);
    assert_eq!(stored(&ask.command.against), Some(reset.password.as_stored()));
    let ask = expect!(ask.answer(PasswordVerdict::Invalid), Commit);
    assert!(ask.command.writes.is_empty());
}

#[test]
fn an_inactive_account_stays_out_whatever_the_old_system_says() {
    let (mut world, _) = world_with_legacy_ada();
    let ada = world.change_user(ADA, |user| user.is_active = false);
    let step = expect!(until_found(&mut world, &ada), ConsultLegacy).answer(LegacyVerdict::Right);
    let step = expect!(step, HashPassword).answer(Ok(World::stored_hash(PASSWORD, true)));
    let ask = expect!(step, Commit);
    assert!(ask.command.writes.is_empty());
    assert_eq!(expect!(ask.answer(Ok(())), Done).unwrap_err(), Refusal::InvalidCredentials);
}

#[test]
fn without_the_policy_such_an_account_has_no_password() {
    let (mut world, ada) = world_with_legacy_ada();
    world.set_policy(Policy::default());
    let ask = expect!(until_found(&mut world, &ada), VerifyPassword);
    assert_eq!(stored(&ask.command.against), None);
}

#[test]
fn an_account_moves_once_and_then_signs_in_here() {
    let (mut world, _) = world_with_legacy_ada();
    world.set_legacy_password(ADA, "the old password");
    let wrong = world.run(|env| login(Login::new(ADA, "a wrong guess".into()), env));
    assert_eq!(wrong.unwrap_err(), Refusal::InvalidCredentials);
    world.login(ADA, "the old password");
    world.set_legacy_password(ADA, "changed over there");
    world.take_trace();
    world.login(ADA, "the old password");
    assert!(!world.take_trace().contains(&"ConsultLegacy"));
}
