//! Onboarding, sign-ins that owe something, and second factors.

use serde_json::{Value, json};
use testudo::flow::admin::reset_second_factor;
use testudo::flow::{
    ExternalLogin, Invite, Login, advance_onboarding, begin_totp, confirm_totp, end_other_sessions,
    external_login, login, remove_totp, replace_recovery_codes, resume_onboarding, second_factors,
    start_onboarding, update_profile,
};
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{Advance, Answers, Onboarding, OnboardingResult, StartOnboarding};
use testudo::testing::{Backend, World, WorldFault};
use testudo::{Client, Duration, Env, Policy, Refusal, SecondFactor, Secret, Step};

use super::{Answer, Case};
use crate::onboarding::{
    BOB, code_of, enrol, invitation, mailed_code, owing, registration, say, seed, sign_in, start,
    with, wrong_code,
};
use crate::{ADA, PASSWORD, ada, world_with_ada};

/// The cases in which nothing is written that could conflict.
pub(super) fn decides_nothing(name: &str) -> bool {
    name.ends_with(", wrong code")
        || name.ends_with(", not acceptable")
        || name.ends_with(", too late")
}

pub(super) fn cases(tokens: Backend) -> Vec<Case> {
    let mut cases = sign_up(tokens);
    cases.extend(factors(tokens));
    cases.extend(owed(tokens));
    cases
}

fn world(tokens: Backend) -> World {
    let mut world = crate::new_world();
    world.set_tokens(tokens);
    world.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    let fields = [ProfileField::text("name", "Your name")];
    let order = [
        "validate_invitation",
        "register",
        "verify_email",
        "setup_totp",
        "recovery_codes",
        "profile",
        "accept_terms",
    ];
    world.set_onboarding(Onboarding::standard().with_step(Profile::new(fields)).sign_up(order));
    let policy = Policy {
        terms: Some("2026".into()),
        second_factor: SecondFactor::Required,
        ..Policy::default()
    };
    world.set_policy(policy);
    world
}

/// What came, with what was wrong as a refusal.
fn answer(came: Result<OnboardingResult, Refusal>) -> Answer {
    let came = came?;
    match came.errors() {
        [] => Ok(()),
        errors => Err(Refusal::Invalid(errors.to_vec())),
    }
}

fn saying(
    token: &str,
    data: &Value,
) -> impl Fn(&mut World) -> Result<Answer, WorldFault> + 'static {
    let (token, data) = (token.to_owned(), data.clone());
    move |world| {
        Ok(answer(world.try_run(|env| advance_onboarding(&token, with(data.clone()), env))?))
    }
}

/// Ada takes every step, and each of them is a case.
fn sign_up(tokens: Backend) -> Vec<Case> {
    let mut world = world(tokens);
    let policy = world.settings().policy().clone();
    world.set_policy(Policy {
        terms: None,
        second_factor: SecondFactor::IfEnrolled,
        ..policy.clone()
    });
    let invitation = invitation(&mut world, Invite::open(3));
    world.set_policy(policy);
    let starting = |world: &mut World| {
        Ok(answer(world.try_run(|env| start_onboarding(StartOnboarding::new(ADA), env))?))
    };
    let fresh = world.clone();
    let mut cases = vec![
        Case::new("start", fresh.clone(), starting),
        Case::new("start, no address", fresh, |world| {
            Ok(answer(world.try_run(|env| start_onboarding(StartOnboarding::new("no"), env))?))
        }),
    ];
    let token = start(&mut world, ADA);
    cases.push(Case::new("start, once more", world.clone(), starting));
    let mut step = |name: &'static str, world: &mut World, data: Value| {
        cases.push(Case::new(name, world.clone(), saying(&token, &data)));
        say(world, &token, data).unwrap()
    };
    step("invitation shown, not acceptable", &mut world, json!({ "invitation": "no" }));
    step("invitation shown", &mut world, json!({ "invitation": invitation.expose() }));
    step("register, not acceptable", &mut world, json!({ "email": ADA, "password": "short" }));
    step("register", &mut world, registration(ADA));
    step("code sent", &mut world, json!({}));
    let code = mailed_code(&world);
    step("code of a mail, wrong code", &mut world, json!({ "code": "no code" }));
    step("code of a mail", &mut world, json!({ "code": code }));
    let shown = step("seed shown", &mut world, json!({}));
    let seed = seed(&shown);
    let wrong = wrong_code(&seed, &world);
    step("code of a new app, wrong code", &mut world, json!({ "code": wrong }));
    let code = code_of(&seed, &world);
    step("code of a new app", &mut world, json!({ "code": code }));
    step("recovery codes shown", &mut world, json!({}));
    let mut skipping = world.clone();
    step("recovery codes saved", &mut world, json!({ "saved": true }));
    step("profile, not acceptable", &mut world, json!({ "name": 7 }));
    step("profile", &mut world, json!({ "name": "Ada" }));
    let done = step("terms, and the account is made", &mut world, json!({ "accept": true }));
    assert!(done.completed().is_some());

    let skip = |token: String| {
        move |world: &mut World| {
            Ok(answer(world.try_run(|env| advance_onboarding(&token, Advance::skip(), env))?))
        }
    };
    let resuming = |token: String| {
        move |world: &mut World| Ok(answer(world.try_run(|env| resume_onboarding(&token, env))?))
    };
    cases.push(Case::new("completed, too late", world, saying(&token, &json!({}))));
    cases.push(Case::new("resuming", skipping.clone(), resuming(token.clone())));
    cases.push(Case::new("skipping", skipping.clone(), skip(token.clone())));
    skipping.advance(Duration::from_minutes(61));
    cases.push(Case::new("expired, too late", skipping, saying(&token, &json!({}))));
    cases
}

/// A flow that takes an access token.
fn with_access<T: 'static>(
    name: &'static str,
    world: &World,
    access: &Secret<String>,
    flow: impl Fn(&str, Env) -> Step<Result<T, Refusal>> + 'static,
) -> Case {
    let access = access.clone();
    Case::new(name, world.clone(), move |world| {
        Ok(world.try_run(|env| flow(access.expose(), env))?.map(drop))
    })
}

fn factors(tokens: Backend) -> Vec<Case> {
    let mut world = world_with_ada();
    world.set_tokens(tokens);
    world.change_user(ADA, |user| user.is_verified = true);
    let access = world.login(ADA, PASSWORD).tokens.access;
    let mut waiting = world.clone();
    let seed = waiting.run(|env| begin_totp(access.expose(), env)).unwrap().secret;
    let confirming = |code: String| move |access: &str, env: Env| confirm_totp(access, &code, env);
    let (right, wrong) = (code_of(&seed, &waiting), wrong_code(&seed, &waiting));
    let mut bound = world.clone();
    let enrolled = enrol(&mut bound);
    let own = sign_in(&mut bound, &enrolled).tokens.access;
    let set_name = |access: &str, env| {
        let answers = [("name".to_owned(), json!("Ada"))].into_iter().collect();
        update_profile(access, Answers::new(answers), env)
    };
    let mut with_profile = bound.clone();
    let fields = [ProfileField::text("name", "Your name")];
    with_profile.set_onboarding(Onboarding::standard().with_step(Profile::new(fields)));
    vec![
        with_access("seed", &world, &access, begin_totp),
        with_access("seed, once more", &waiting, &access, begin_totp),
        with_access("binding", &waiting, &access, confirming(right)),
        with_access("binding, wrong code", &waiting, &access, confirming(wrong)),
        with_access("seed for another app", &bound, &own, begin_totp),
        with_access("factors", &bound, &own, second_factors),
        with_access("other recovery codes", &bound, &own, replace_recovery_codes),
        with_access("removal", &bound, &own, remove_totp),
        with_access("end of other sessions", &bound, &own, end_other_sessions),
        with_access("change of the profile", &with_profile, &own, set_name),
        Case::new("removal by an administrator", bound, |world| {
            Ok(world.try_run(|env| reset_second_factor(ada(), env))?.map(drop))
        }),
    ]
}

/// Sign-ins that owe something, and how it is paid.
fn owed(tokens: Backend) -> Vec<Case> {
    let sign_in = |world: &mut World| {
        Ok(world.try_run(|env| login(Login::new(ADA, PASSWORD.into()), env))?.map(drop))
    };
    let external = |world: &mut World| {
        let ada = world.tables().users().next().unwrap().id;
        Ok(world.try_run(|env| external_login(ExternalLogin::new(ada), env))?.map(drop))
    };
    let mut bound = world_with_ada();
    bound.set_tokens(tokens);
    let enrolled = enrol(&mut bound);
    bound.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    let mut pending = bound.clone();
    let token = owing(&mut pending);
    let code = |code: String| json!({ "code": code });
    let (right, wrong) = (code_of(&enrolled.seed, &pending), wrong_code(&enrolled.seed, &pending));
    let recovery = enrolled.recovery_codes[0].expose().clone();
    let mut elsewhere = pending.clone();
    elsewhere.set_client(Client::unknown().with_user_agent("another"));
    let mut cases = vec![
        Case::new("login, factor owed", bound.clone(), sign_in),
        Case::new("login with another service, factor owed", bound, external),
        Case::new("factor", pending.clone(), saying(&token, &code(right.clone()))),
        Case::new("factor, new device", elsewhere, saying(&token, &code(right))),
        Case::new("factor, wrong code", pending.clone(), saying(&token, &code(wrong))),
        Case::new("recovery code", pending.clone(), saying(&token, &code(recovery))),
        Case::new("recovery code, wrong code", pending, saying(&token, &code("x".repeat(28)))),
    ];

    let mut world = world(tokens);
    world.register(ADA, PASSWORD);
    world.change_user(ADA, |user| user.must_change_password = true);
    let token = owing(&mut world);
    let mut step = |name: &'static str, world: &mut World, data: Value| {
        cases.push(Case::new(name, world.clone(), saying(&token, &data)));
        say(world, &token, data).unwrap()
    };
    step("owed: code sent", &mut world, json!({}));
    let mailed = mailed_code(&world);
    step("owed: code of a mail", &mut world, code(mailed));
    step("owed: password, not acceptable", &mut world, json!({ "new_password": PASSWORD }));
    step("owed: password", &mut world, json!({ "new_password": super::NEW }));
    let shown = step("owed: seed shown", &mut world, json!({}));
    let seed = seed(&shown);
    let wrong = wrong_code(&seed, &world);
    step("owed: new app, wrong code", &mut world, code(wrong));
    let right = code_of(&seed, &world);
    step("owed: new app", &mut world, code(right));
    step("owed: recovery codes shown", &mut world, json!({}));
    step("owed: recovery codes saved", &mut world, json!({ "saved": true }));
    let done = step("owed: terms, and let in", &mut world, json!({ "accept": true }));
    assert!(done.completed().is_some());
    assert_ne!(BOB, ADA);
    cases
}
