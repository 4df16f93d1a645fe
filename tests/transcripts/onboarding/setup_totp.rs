//! Enrolling an authenticator app on the way in.

use serde_json::json;
use testudo::event::Event;
use testudo::message::MessageKind;
use testudo::model::Method;
use testudo::testing::World;
use testudo::{Duration, Policy, ProfileMatch, Refusal, SecondFactor};

use super::{ADA, Client, PASSWORD, at, code_of, codes, owes, recovery_codes, seed, signs_in};
use crate::mail;

fn required() -> Policy {
    Policy { second_factor: SecondFactor::Required, ..Policy::default() }
}

/// Somebody who has come as far as the factor.
fn verified(world: &mut World) -> Client {
    let (client, _) = Client::start(world);
    client.registers(world);
    client.verifies(world);
    client
}

#[test]
fn a_seed_is_shown_and_a_code_of_it_enrols_the_app() {
    let mut world = World::new();
    let client = verified(&mut world);
    let shown = client.says(&mut world, json!({})).unwrap();
    let secret = seed(&shown);
    let resumed = world.run(|env| testudo::flow::resume_onboarding(&client.token, env)).unwrap();
    assert!(resumed.hint().unwrap().revealed.is_none(), "who resumes is not shown it again");
    assert_eq!(resumed.hint().unwrap().fields[0].name, "code");
    let told = format!("{shown:?}{:?}", world.tables());
    assert!(!told.contains(secret.expose().as_str()));

    let code = code_of(&secret, &world);
    assert_eq!(
        at(&client.says(&mut world, json!({ "code": code })).unwrap()),
        Some("recovery_codes")
    );
    let signed_in = client.skips(&mut world).unwrap().completed().unwrap();
    assert!(signed_in.user.has_second_factor());
    assert_eq!(signed_in.session.methods, [Method::Password, Method::Otp]);
    let events = world.tables().events().into_iter();
    assert_eq!(events.filter(|it| it.event == Event::TotpEnrolled).count(), 1);
}

#[test]
fn whatever_is_wrong_in_the_answer_the_seed_that_waits_is_shown_with_it() {
    let mut world = World::new();
    world.set_policy(required());
    let client = verified(&mut world);
    let early = client.says(&mut world, json!({"code": "123456"})).unwrap();
    assert_eq!(codes(&early), [("code", "no_seed")]);
    assert!(early.hint().unwrap().revealed.is_none(), "there is none yet");
    let shown = client.says(&mut world, json!({})).unwrap();
    let secret = seed(&shown);
    for wrong in [json!({"code": "no code"}), json!({"code": 1}), json!({"code": "000000"})] {
        let refused = client.says(&mut world, wrong).unwrap();
        assert_eq!(refused.errors().len(), 1);
        assert_eq!(seed(&refused).expose(), secret.expose());
        assert!(!format!("{refused:?}").contains(secret.expose().as_str()));
    }
    assert_eq!(seed(&client.skips(&mut world).unwrap()).expose(), secret.expose());
    let resumed = world.run(|env| testudo::flow::resume_onboarding(&client.token, env)).unwrap();
    assert!(resumed.hint().unwrap().revealed.is_none(), "who resumes is not shown it");
    let code = code_of(&secret, &world);
    let enrolled = client.says(&mut world, json!({ "code": code })).unwrap();
    assert_eq!(at(&enrolled), Some("recovery_codes"));
}

#[test]
fn another_seed_takes_the_place_of_the_first_until_a_code_came_back() {
    let mut world = World::new();
    let client = verified(&mut world);
    let first = seed(&client.says(&mut world, json!({})).unwrap());
    let second = seed(&client.says(&mut world, json!({})).unwrap());
    let old = code_of(&first, &world);
    let refused = client.says(&mut world, json!({ "code": old })).unwrap();
    assert_eq!(codes(&refused), [("code", "invalid_code")]);
    let new = code_of(&second, &world);
    assert_eq!(
        at(&client.says(&mut world, json!({ "code": new })).unwrap()),
        Some("recovery_codes")
    );
}

#[test]
fn where_a_factor_is_required_nobody_gets_past_it() {
    let mut world = World::new();
    world.set_policy(required());
    let client = verified(&mut world);
    let refused = client.skips(&mut world).unwrap();
    assert_eq!(codes(&refused), [("skip", "not_skippable")]);
    assert!(!refused.hint().unwrap().skippable);
    client.says(&mut world, json!({})).unwrap();
    assert_eq!(codes(&client.skips(&mut world).unwrap()), [("skip", "not_skippable")]);
    let (_, enrolled) = client.enrols(&mut world);
    assert_eq!(at(&enrolled), Some("recovery_codes"));
    assert!(client.skips(&mut world).unwrap().completed().is_some());
}

#[test]
fn a_pipeline_without_the_step_asks_for_it_at_its_end_all_the_same() {
    let mut world = World::new();
    world.set_policy(required());
    let short = testudo::onboarding::Onboarding::standard().sign_up(["register", "verify_email"]);
    world.set_onboarding(short);
    let client = verified(&mut world);
    let resumed = world.run(|env| testudo::flow::resume_onboarding(&client.token, env)).unwrap();
    assert_eq!(at(&resumed), Some("setup_totp"));
    assert_eq!(world.tables().users().count(), 0);
    client.enrols(&mut world);
    assert!(client.skips(&mut world).unwrap().completed().unwrap().user.has_second_factor());
}

#[test]
fn who_has_none_enrols_one_at_the_next_sign_in_and_sessions_without_it_end() {
    let mut world = World::new();
    world.register(ADA, PASSWORD);
    world.change_user(ADA, |user| user.is_verified = true);
    let elsewhere = world.login(ADA, PASSWORD);
    world.set_policy(required());
    let (client, begun) = owes(&mut world);
    assert_eq!(begun.remaining_steps, ["setup_totp", "recovery_codes"]);
    assert_eq!(codes(&client.skips(&mut world).unwrap()), [("skip", "not_skippable")]);
    client.enrols(&mut world);
    assert_eq!(mail(&world).last().unwrap().0, MessageKind::TotpEnrolled);
    let ended = world.authenticate(elsewhere.tokens.access.expose());
    assert_eq!(ended.unwrap_err(), Refusal::RevokedToken);
    let signed_in = client.skips(&mut world).unwrap().completed().unwrap();
    assert_eq!(signed_in.session.methods, [Method::Password, Method::Otp]);
}

#[test]
fn a_factor_may_be_required_of_administrators_alone() {
    let mut world = World::new();
    world.register(ADA, PASSWORD);
    world.change_user(ADA, |user| user.is_verified = true);
    let of_admins = ProfileMatch { field: "role".into(), is: json!("admin") };
    let second_factor = SecondFactor::RequiredWhere(of_admins);
    world.set_policy(Policy { second_factor, ..Policy::default() });
    let session = signs_in(&mut world).signed_in().unwrap();
    world.change_user(ADA, |user| {
        user.profile.insert("role".into(), json!(["editor", "admin"]));
    });
    let (_, begun) = owes(&mut world);
    assert_eq!(at(&begun), Some("setup_totp"));
    // A session from before does not outlive its access token without the factor.
    let refreshed = world.run(|env| testudo::flow::refresh(session.tokens.refresh.expose(), env));
    assert_eq!(refreshed.unwrap_err(), Refusal::StepUpRequired);
}

#[test]
fn five_wrong_codes_are_looked_at_whatever_seed_they_are_of() {
    let mut world = World::new();
    let client = verified(&mut world);
    for _ in 0..5 {
        client.says(&mut world, json!({})).unwrap();
        let refused = client.says(&mut world, json!({"code": "no code"})).unwrap();
        assert_eq!(codes(&refused), [("code", "invalid_code")]);
    }
    let secret = seed(&client.says(&mut world, json!({})).unwrap());
    let code = code_of(&secret, &world);
    let refused = client.says(&mut world, json!({ "code": code }));
    assert!(matches!(refused, Err(Refusal::RateLimited { .. })), "{refused:?}");
}

#[test]
fn recovery_codes_are_shown_once_and_those_shown_before_count_no_more() {
    let mut world = World::new();
    let client = verified(&mut world);
    client.enrols(&mut world);
    let first = recovery_codes(&client.says(&mut world, json!({})).unwrap());
    let unsaved = client.says(&mut world, json!({"saved": false})).unwrap();
    assert_eq!(codes(&unsaved), [("saved", "required")]);
    let second = recovery_codes(&client.says(&mut world, json!({})).unwrap());
    let done = client.says(&mut world, json!({"saved": true})).unwrap();
    assert!(done.completed().is_some());
    world.advance(Duration::from_secs(30));
    let (client, _) = owes(&mut world);
    let refused = client.says(&mut world, json!({"code": first[0].expose()})).unwrap();
    assert_eq!(codes(&refused), [("code", "invalid_code")]);
    let opened = client.says(&mut world, json!({"code": second[0].expose()})).unwrap();
    assert!(opened.completed().is_some());
}
