//! The second factor of one's own account: to set one up, to replace it, to be rid of it.

use testudo::command::{UserKey, Write};
use testudo::event::Event;
use testudo::flow::admin::reset_second_factor;
use testudo::flow::{
    SignedIn, begin_totp, confirm_totp, remove_totp, replace_recovery_codes, second_factors,
};
use testudo::message::MessageKind;
use testudo::model::Method;
use testudo::testing::{World, expect};
use testudo::{Duration, Policy, Refusal, SecondFactor, Secret};

use super::onboarding::{ada_with_totp, at, code_at, code_of, codes, owes};
use super::{ADA, PASSWORD, mail};

/// Ada has verified her address and signed in with her password.
fn ada() -> (World, SignedIn) {
    let mut world = World::new();
    world.register(ADA, PASSWORD);
    world.change_user(ADA, |user| user.is_verified = true);
    let signed_in = world.login(ADA, PASSWORD);
    (world, signed_in)
}

fn begin(world: &mut World, ada: &SignedIn) -> Result<Secret<String>, Refusal> {
    world.run(|env| begin_totp(ada.tokens.access.expose(), env)).map(|shown| shown.secret)
}

fn confirm(world: &mut World, ada: &SignedIn, code: &str) -> Result<Vec<Secret<String>>, Refusal> {
    world.run(|env| confirm_totp(ada.tokens.access.expose(), code, env))
}

/// Ada binds her account to an app, from within her session.
fn enrols(world: &mut World, ada: &SignedIn) -> (Secret<String>, Vec<Secret<String>>) {
    let secret = begin(world, ada).unwrap();
    let code = code_of(&secret, world);
    let codes = confirm(world, ada, &code).unwrap();
    (secret, codes)
}

fn refused(result: Result<impl Sized, Refusal>) -> Refusal {
    result.err().unwrap()
}

#[test]
fn an_app_is_bound_by_its_first_code_and_all_other_sessions_end() {
    let (mut world, here) = ada();
    let there = world.login(ADA, PASSWORD);
    let (secret, recovery) = enrols(&mut world, &here);
    assert_eq!(recovery.len(), 10);
    let ended = world.authenticate(there.tokens.access.expose());
    assert_eq!(ended.unwrap_err(), Refusal::RevokedToken);
    let session = world.authenticate(here.tokens.access.expose()).unwrap();
    assert_eq!(session.methods, [Method::Password, Method::Otp]);
    assert_eq!(session.auth_time, here.session.auth_time, "setting it up proves nothing anew");
    assert_eq!(mail(&world).last().unwrap().0, MessageKind::TotpEnrolled);
    let factors = world.run(|env| second_factors(here.tokens.access.expose(), env)).unwrap();
    assert_eq!((factors.totp_since, factors.recovery_codes_left), (Some(world.now()), 10));
    let stored = format!("{:?}", world.tables());
    for secret in recovery.iter().chain([&secret]) {
        assert!(!stored.contains(secret.expose().as_str()));
    }
    // The code that bound it is spent.
    let (client, begun) = owes(&mut world);
    assert_eq!(at(&begun), Some("second_factor"));
    let code = code_of(&secret, &world);
    let again = client.says(&mut world, serde_json::json!({ "code": code })).unwrap();
    assert_eq!(codes(&again), [("code", "invalid_code")]);
}

#[test]
fn what_is_shown_fits_the_picture_and_the_address() {
    let (mut world, here) = ada();
    let shown = world.run(|env| begin_totp(here.tokens.access.expose(), env)).unwrap();
    let uri = shown.provisioning_uri.expose();
    assert!(uri.starts_with("otpauth://totp/Testudo:ada%40example.com?"), "{uri}");
    assert!(uri.contains(&format!("secret={}", shown.secret.expose())));
    assert_eq!(shown.secret.expose().len(), 32, "160 bits in base32");
    assert!(shown.qr_svg.expose().starts_with("<svg "));
}

#[test]
fn each_change_takes_a_fresh_sign_in() {
    let (mut world, here) = ada();
    world.advance(Duration::from_minutes(10));
    assert!(begin(&mut world, &here).is_ok(), "ten minutes are fresh");
    world.advance(Duration::from_millis(1));
    let access = here.tokens.access.expose();
    assert_eq!(refused(begin(&mut world, &here)), Refusal::StepUpRequired);
    assert_eq!(refused(confirm(&mut world, &here, "000000")), Refusal::StepUpRequired);
    assert_eq!(refused(world.run(|env| second_factors(access, env))), Refusal::StepUpRequired);
    let (mut world, bound) = {
        let (mut world, here) = ada();
        enrols(&mut world, &here);
        (world, here)
    };
    world.advance(Duration::from_millis(600_001));
    let access = bound.tokens.access.expose();
    assert_eq!(refused(world.run(|env| remove_totp(access, env))), Refusal::StepUpRequired);
    let replaced = world.run(|env| replace_recovery_codes(access, env));
    assert_eq!(refused(replaced), Refusal::StepUpRequired);
}

#[test]
fn an_unverified_address_gets_no_factor() {
    let mut world = World::new();
    world.register(ADA, PASSWORD);
    let here = world.login(ADA, PASSWORD);
    assert_eq!(refused(begin(&mut world, &here)), Refusal::EmailUnverified);
    assert_eq!(refused(confirm(&mut world, &here, "000000")), Refusal::EmailUnverified);
}

#[test]
fn a_session_from_before_a_factor_was_required_changes_none() {
    let (mut world, here) = ada();
    world.set_policy(Policy { second_factor: SecondFactor::Never, ..Policy::default() });
    let access = here.tokens.access.expose();
    enrols(&mut world, &here);
    let single = world.login(ADA, PASSWORD);
    assert_eq!(single.session.methods, [Method::Password]);
    world.set_policy(Policy::default());
    let single = single.tokens.access.expose();
    assert_eq!(refused(world.run(|env| remove_totp(single, env))), Refusal::StepUpRequired);
    assert!(world.run(|env| remove_totp(access, env)).is_ok());
}

#[test]
fn wrong_codes_are_counted_before_they_are_looked_at() {
    let (mut world, here) = ada();
    let secret = begin(&mut world, &here).unwrap();
    let near: Vec<_> = [-1, 0, 1].map(|steps| code_at(&secret, &world, steps)).into();
    let wrong = (0..).map(|code| format!("{code:06}")).find(|code| !near.contains(code)).unwrap();
    for _ in 0..5 {
        let Refusal::Invalid(errors) = refused(confirm(&mut world, &here, &wrong)) else {
            panic!("another refusal")
        };
        assert_eq!((&*errors[0].field, &*errors[0].code), ("code", "invalid_code"));
    }
    let right = code_of(&secret, &world);
    let stopped = refused(confirm(&mut world, &here, &right));
    assert!(matches!(stopped, Refusal::RateLimited { .. }), "{stopped:?}");
    assert!(world.tables().users().all(|user| !user.has_second_factor()));
}

#[test]
fn a_seed_waits_for_ten_minutes_and_for_one_code() {
    let (mut world, here) = ada();
    assert_eq!(refused(confirm(&mut world, &here, "000000")), Refusal::NotFound);
    let secret = begin(&mut world, &here).unwrap();
    world.advance(Duration::from_minutes(10));
    let late = code_of(&secret, &world);
    assert_eq!(refused(confirm(&mut world, &here, &late)), Refusal::NotFound);
    let (secret, _) = enrols(&mut world, &here);
    let again = code_of(&secret, &world);
    assert_eq!(refused(confirm(&mut world, &here, &again)), Refusal::NotFound);
}

#[test]
fn another_app_takes_the_place_of_the_first_once_it_is_confirmed() {
    let (mut world, here) = ada();
    let (first, old_codes) = enrols(&mut world, &here);
    let second = begin(&mut world, &here).unwrap();
    world.advance(Duration::from_secs(30));
    let (client, _) = owes(&mut world);
    let code = code_of(&first, &world);
    let data = serde_json::json!({ "code": code });
    assert!(client.says(&mut world, data).unwrap().completed().is_some(), "the first still counts");

    let code = code_of(&second, &world);
    confirm(&mut world, &here, &code).unwrap();
    world.advance(Duration::from_secs(30));
    for dead in [code_of(&first, &world), old_codes[0].expose().clone()] {
        let (client, _) = owes(&mut world);
        let refused = client.says(&mut world, serde_json::json!({ "code": dead })).unwrap();
        assert_eq!(codes(&refused), [("code", "invalid_code")]);
    }
    let (client, _) = owes(&mut world);
    let code = code_of(&second, &world);
    assert!(
        client.says(&mut world, serde_json::json!({ "code": code })).unwrap().completed().is_some()
    );
}

#[test]
fn an_app_is_removed_with_its_recovery_codes_and_the_owner_is_told() {
    let (mut world, here) = ada();
    enrols(&mut world, &here);
    let access = here.tokens.access.expose();
    world.run(|env| remove_totp(access, env)).unwrap();
    assert_eq!(mail(&world).last().unwrap().0, MessageKind::TotpRemoved);
    let user = world.tables().users().next().unwrap().clone();
    assert!(!user.has_second_factor() && user.recovery_codes.is_empty());
    assert!(world.authenticate(access).is_ok());
    world.login(ADA, PASSWORD);
    assert_eq!(refused(world.run(|env| remove_totp(access, env))), Refusal::NotFound);
}

#[test]
fn a_factor_that_is_required_is_not_removed_and_may_be_replaced() {
    let (mut world, here) = ada();
    enrols(&mut world, &here);
    world.set_policy(Policy { second_factor: SecondFactor::Required, ..Policy::default() });
    let access = here.tokens.access.expose();
    assert_eq!(refused(world.run(|env| remove_totp(access, env))), Refusal::FactorRequired);
    enrols(&mut world, &here);
}

#[test]
fn other_recovery_codes_take_the_place_of_all_from_before() {
    let (mut world, here) = ada();
    let (_, old) = enrols(&mut world, &here);
    let access = here.tokens.access.expose();
    let new = world.run(|env| replace_recovery_codes(access, env)).unwrap();
    assert_eq!(new.len(), 10);
    assert!(new.iter().all(|code| old.iter().all(|other| other.expose() != code.expose())));
    let (client, _) = owes(&mut world);
    let dead = serde_json::json!({"code": old[0].expose()});
    assert_eq!(codes(&client.says(&mut world, dead).unwrap()), [("code", "invalid_code")]);
    let live = serde_json::json!({"code": new[0].expose()});
    assert!(client.says(&mut world, live).unwrap().completed().is_some());
}

#[test]
fn an_administrator_takes_a_factor_away_with_all_that_it_opened() {
    let mut world = World::new();
    let (_, signed_in) = ada_with_totp(&mut world);
    let key = UserKey::Id(signed_in.user.id);
    let step = reset_second_factor(key.clone(), world.env());
    let ask = expect!(step, FindUser);
    let ask = expect!(ask.answer(Some(signed_in.user.clone())), Commit);
    let cleared = |write: &&Write| matches!(write, Write::ClearAttempts(_));
    assert_eq!(ask.command.writes.iter().filter(cleared).count(), 2, "the hard stops end too");
    world.run(|env| reset_second_factor(key.clone(), env)).unwrap();
    let ended = world.authenticate(signed_in.tokens.access.expose());
    assert_eq!(ended.unwrap_err(), Refusal::RevokedToken);
    assert_eq!(mail(&world).last().unwrap().0, MessageKind::TotpRemoved);
    world.login(ADA, PASSWORD);
    let before = world.tables().clone();
    world.run(|env| reset_second_factor(key, env)).unwrap();
    assert_eq!(*world.tables(), before, "there is nothing left to take");
    let removed = Event::TotpRemoved { by_admin: true };
    let events = world.tables().events().into_iter();
    assert_eq!(events.filter(|it| it.event == removed).count(), 1);
}

#[test]
fn a_text_that_is_no_code_is_told_without_being_counted() {
    let (mut world, here) = ada();
    begin(&mut world, &here).unwrap();
    world.take_trace();
    for text in ["", "12345", "1234567", "abcdef"] {
        assert!(matches!(refused(confirm(&mut world, &here, text)), Refusal::Invalid(_)));
    }
    assert!(world.take_trace().iter().all(|asked| *asked != "CountAttempt"));
}
