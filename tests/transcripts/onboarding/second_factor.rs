//! Showing the second factor at sign-in.

use serde_json::json;
use testudo::event::{Event, LimitName, LoginFailure};
use testudo::flow::{ExternalLogin, Login, change_password, external_login, login, logout_all};
use testudo::message::MessageKind;
use testudo::model::Method;
use testudo::testing::World;
use testudo::{Duration, Policy, Refusal, SecondFactor, Secret};

use super::{
    ADA, Client, PASSWORD, ada_with_totp, at, code_of, codes, owes, recovery_codes, signs_in,
};
use crate::mail;

/// Ada, who has an authenticator app, half a minute after she enrolled it.
fn ada(world: &mut World) -> Secret<String> {
    let (secret, _) = ada_with_totp(world);
    world.advance(Duration::from_secs(30));
    secret
}

/// A code that the app does not show around now.
fn wrong_code(secret: &Secret<String>, world: &mut World) -> String {
    let near: Vec<String> = [-1, 0, 1].map(|steps| super::code_at(secret, world, steps)).into();
    (0..).map(|code| format!("{code:06}")).find(|code| !near.contains(code)).unwrap()
}

#[test]
fn a_password_alone_opens_nothing_where_there_is_a_second_factor() {
    let mut world = World::new();
    let secret = ada(&mut world);
    let sessions = world.tables().sessions().count();
    let (client, begun) = owes(&mut world);
    assert_eq!(at(&begun), Some("second_factor"));
    assert!(!begun.hint().unwrap().skippable);
    assert_eq!(world.tables().sessions().count(), sessions);
    assert_eq!(world.authenticate(&client.token).unwrap_err(), Refusal::InvalidToken);

    let code = code_of(&secret, &world);
    let signed_in = client.says(&mut world, json!({ "code": code })).unwrap().completed().unwrap();
    assert_eq!(signed_in.session.methods, [Method::Password, Method::Otp]);
    assert_eq!(signed_in.session.auth_time, world.now());
    assert!(world.authenticate(signed_in.tokens.access.expose()).is_ok());
}

#[test]
fn a_code_signs_in_once_and_no_earlier_one_does_after_it() {
    let mut world = World::new();
    let secret = ada(&mut world);
    let (now, before) = (code_of(&secret, &world), super::code_at(&secret, &world, -1));
    let (client, _) = owes(&mut world);
    client.says(&mut world, json!({ "code": now })).unwrap().completed().unwrap();
    for spent in [now, before] {
        let (client, _) = owes(&mut world);
        let refused = client.says(&mut world, json!({ "code": spent })).unwrap();
        assert_eq!(codes(&refused), [("code", "invalid_code")]);
    }
    world.advance(Duration::from_secs(30));
    let (client, _) = owes(&mut world);
    let next = code_of(&secret, &world);
    assert!(client.says(&mut world, json!({ "code": next })).unwrap().completed().is_some());
}

#[test]
fn the_code_that_enrolled_the_app_signs_nobody_in() {
    let mut world = World::new();
    let (secret, _) = ada_with_totp(&mut world);
    let (client, _) = owes(&mut world);
    let spent = code_of(&secret, &world);
    let refused = client.says(&mut world, json!({ "code": spent })).unwrap();
    assert_eq!(codes(&refused), [("code", "invalid_code")]);
}

#[test]
fn five_codes_are_looked_at_however_often_the_sign_in_begins_again() {
    let mut world = World::new();
    let secret = ada(&mut world);
    for _ in 0..5 {
        let (client, _) = owes(&mut world);
        let wrong = wrong_code(&secret, &mut world);
        let refused = client.says(&mut world, json!({ "code": wrong })).unwrap();
        assert_eq!(codes(&refused), [("code", "invalid_code")]);
    }
    let (client, _) = owes(&mut world);
    let right = code_of(&secret, &world);
    let refused = client.says(&mut world, json!({ "code": right }));
    assert!(matches!(refused, Err(Refusal::RateLimited { .. })), "{refused:?}");
    let events = world.tables().events();
    let count = |event: &Event| events.iter().filter(|it| it.event == *event).count();
    assert_eq!(count(&Event::RateLimitExceeded { limit: LimitName::Totp }), 1);
    let reason = LoginFailure::WrongSecondFactor;
    let failed = |event: &Event| matches!(event, Event::UserLoginFailed { reason: why, .. } if *why == reason);
    assert_eq!(events.iter().filter(|it| failed(&it.event)).count(), 5);
}

#[test]
fn a_hundred_failures_over_weeks_stop_the_app_and_a_recovery_code_still_opens() {
    let mut world = World::new();
    let (secret, codes_left) = {
        let (client, _) = Client::start(&mut world);
        client.registers(&mut world);
        client.verifies(&mut world);
        let (secret, _) = client.enrols(&mut world);
        let shown = client.says(&mut world, json!({})).unwrap();
        client.says(&mut world, json!({"saved": true})).unwrap().completed().unwrap();
        (secret, recovery_codes(&shown))
    };
    for _ in 0..100 {
        world.advance(Duration::from_days(1));
        let (client, _) = owes(&mut world);
        let wrong = wrong_code(&secret, &mut world);
        client.says(&mut world, json!({ "code": wrong })).unwrap();
    }
    world.advance(Duration::from_days(1));
    let (client, _) = owes(&mut world);
    let right = code_of(&secret, &world);
    let refused = client.says(&mut world, json!({ "code": right })).unwrap_err();
    assert_eq!(refused, Refusal::SecondFactorStopped);
    let data = json!({ "code": codes_left[0].expose() });
    let signed_in = client.says(&mut world, data).unwrap().completed().unwrap();
    assert_eq!(signed_in.session.methods, [Method::Password, Method::RecoveryCode]);
}

#[test]
fn a_recovery_code_counts_once_in_any_spelling_and_its_owner_is_told() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    client.enrols(&mut world);
    let shown = client.says(&mut world, json!({})).unwrap();
    let all = recovery_codes(&shown);
    assert_eq!(all.len(), 10);
    client.says(&mut world, json!({"saved": true})).unwrap().completed().unwrap();

    let typed = all[3].expose().to_uppercase().replace('-', " ");
    let (client, _) = owes(&mut world);
    let signed_in = client.says(&mut world, json!({ "code": typed })).unwrap().completed().unwrap();
    assert_eq!(signed_in.user.recovery_codes.len(), 9);
    assert_eq!(mail(&world).last().unwrap().0, MessageKind::RecoveryCodeUsed);
    for spelling in [typed, all[3].expose().clone()] {
        let (client, _) = owes(&mut world);
        let refused = client.says(&mut world, json!({ "code": spelling })).unwrap();
        assert_eq!(codes(&refused), [("code", "invalid_code")]);
    }
}

#[test]
fn whatever_ends_sessions_ends_a_sign_in_that_waits_for_its_factor() {
    let mut world = World::new();
    let (secret, signed_in) = ada_with_totp(&mut world);
    world.advance(Duration::from_secs(30));
    let access = signed_in.tokens.access.expose();
    let (waiting, _) = owes(&mut world);
    let request = change_password_to("another phrase entirely");
    world.run(|env| change_password(access, request, env)).unwrap();
    let code = code_of(&secret, &world);
    let refused = waiting.says(&mut world, json!({ "code": code })).unwrap_err();
    assert_eq!(refused, Refusal::OnboardingUnknown);

    let request = Login::new(ADA, "another phrase entirely".into());
    let begun = world.run(|env| login(request, env)).unwrap().owing().unwrap();
    let waiting = Client { token: begun.session_token.expose().clone() };
    world.run(|env| logout_all(access, env)).unwrap();
    let refused = waiting.says(&mut world, json!({ "code": code })).unwrap_err();
    assert_eq!(refused, Refusal::OnboardingUnknown);
}

fn change_password_to(new: &str) -> testudo::flow::ChangePassword {
    testudo::flow::ChangePassword { current: PASSWORD.into(), new: new.into() }
}

#[test]
fn who_comes_by_another_service_shows_the_factor_too() {
    let mut world = World::new();
    let (secret, signed_in) = ada_with_totp(&mut world);
    world.advance(Duration::from_secs(30));
    let request = ExternalLogin::new(signed_in.user.id);
    let begun = world.run(|env| external_login(request, env)).unwrap().owing().unwrap();
    assert_eq!(at(&begun), Some("second_factor"));
    let client = Client { token: begun.session_token.expose().clone() };
    let code = code_of(&secret, &world);
    let done = client.says(&mut world, json!({ "code": code })).unwrap().completed().unwrap();
    assert_eq!(done.session.methods, [Method::Federated, Method::Otp]);
}

#[test]
fn nobody_is_asked_for_a_factor_where_the_policy_says_never() {
    let mut world = World::new();
    ada(&mut world);
    world.set_policy(Policy { second_factor: SecondFactor::Never, ..Policy::default() });
    assert!(signs_in(&mut world).signed_in().is_ok());
}

#[test]
fn a_sign_in_that_owes_something_ends_after_ten_minutes() {
    let mut world = World::new();
    let secret = ada(&mut world);
    let (client, _) = owes(&mut world);
    world.advance(Duration::from_minutes(10));
    let code = code_of(&secret, &world);
    let refused = client.says(&mut world, json!({ "code": code })).unwrap_err();
    assert_eq!(refused, Refusal::OnboardingExpired);
}
