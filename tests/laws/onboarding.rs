//! Somebody at onboarding, for the laws about it; and what an attack on it came upon once.

use serde_json::{Value, json};
use testudo::flow::{
    Invite, Login, SignedIn, advance_onboarding, begin_totp, confirm_totp, invite, login,
    resume_onboarding, start_onboarding,
};
use testudo::message::MessageKind;
use testudo::onboarding::{
    Advance, Answers, Onboarding, OnboardingResult, Revealed, SignIn, StartOnboarding,
};
use testudo::testing::World;
use testudo::{Duration, Policy, Refusal, Secret};

use super::{ADA, PASSWORD, mailed};

pub(crate) const BOB: &str = "bob@example.com";

pub(crate) type Came = Result<OnboardingResult, Refusal>;

/// What is filled in.
pub(crate) fn with(data: Value) -> Advance {
    let Value::Object(fields) = data else { panic!("{data} is no object") };
    Advance::with(Answers::new(fields))
}

pub(crate) fn start(world: &mut World, email: &str) -> String {
    let result = world.run(|env| start_onboarding(StartOnboarding::new(email), env)).unwrap();
    result.session_token.expose().clone()
}

pub(crate) fn say(world: &mut World, token: &str, data: Value) -> Came {
    world.run(|env| advance_onboarding(token, with(data), env))
}

pub(crate) fn skip(world: &mut World, token: &str) -> Came {
    world.run(|env| advance_onboarding(token, Advance::skip(), env))
}

pub(crate) fn resume(world: &mut World, token: &str) -> Came {
    world.run(|env| resume_onboarding(token, env))
}

pub(crate) fn registration(email: &str) -> Value {
    json!({ "email": email, "password": PASSWORD, "password_confirm": PASSWORD })
}

/// An onboarding with the step `register` behind, and a code on its way.
pub(crate) fn with_code_sent(world: &mut World, email: &str) -> (String, String) {
    let token = start(world, email);
    say(world, &token, registration(email)).unwrap();
    say(world, &token, json!({})).unwrap();
    (token, mailed_code(world))
}

/// An onboarding before its last step, which may be skipped.
pub(crate) fn before_the_last_step(world: &mut World, email: &str) -> String {
    let (token, code) = with_code_sent(world, email);
    let came = say(world, &token, json!({ "code": code })).unwrap();
    assert_eq!(came.current_step(), Some("setup_totp"));
    token
}

/// The code of the last message that has one.
pub(crate) fn mailed_code(world: &World) -> String {
    let mut messages = world.messages();
    messages.retain(|message| message.kind == MessageKind::VerificationCode);
    messages.pop().unwrap().code.unwrap().expose().clone()
}

/// The seed that a result shows.
pub(crate) fn seed(result: &OnboardingResult) -> Secret<String> {
    match result.hint().and_then(|hint| hint.revealed.as_ref()) {
        Some(Revealed::Totp(seed)) => seed.secret.clone(),
        other => panic!("{other:?}"),
    }
}

/// What an authenticator app shows now.
pub(crate) fn code_of(seed: &Secret<String>, world: &World) -> String {
    code_at(seed, world.now().as_millis() / 1000)
}

/// What it shows at a second since 1970.
pub(crate) fn code_at(seed: &Secret<String>, second: u64) -> String {
    let seed = totp_rs::Secret::try_from_base32(seed.expose()).unwrap();
    let totp = totp_rs::Builder::new().with_secret(seed).build_noncompliant();
    totp.generate(second).to_string()
}

/// A code that is none of the last steps' and none of the next.
pub(crate) fn wrong_code(seed: &Secret<String>, world: &World) -> String {
    let now = world.now().as_millis() / 1000;
    let near: Vec<_> = (0..8).map(|step| code_at(seed, now + 30 * step - 90)).collect();
    (0..10).map(|digit| digit.to_string().repeat(6)).find(|code| !near.contains(code)).unwrap()
}

/// An account with an authenticator app.
pub(crate) struct Enrolled {
    pub(crate) seed: Secret<String>,
    pub(crate) recovery_codes: Vec<Secret<String>>,
}

/// Ada verified her address, and binds her account to an app. Time passes, so that another code is shown.
pub(crate) fn enrol(world: &mut World) -> Enrolled {
    world.change_user(ADA, |user| user.is_verified = true);
    let access = world.login(ADA, PASSWORD).tokens.access;
    let access = access.expose();
    let seed = world.run(|env| begin_totp(access, env)).unwrap().secret;
    let code = code_of(&seed, world);
    let recovery_codes = world.run(|env| confirm_totp(access, &code, env)).unwrap();
    world.advance(Duration::from_secs(60));
    Enrolled { seed, recovery_codes }
}

/// A world in which Ada has an account with an app.
pub(crate) fn world_with_totp() -> (World, Enrolled) {
    let mut world = super::world_with_ada();
    let enrolled = enrol(&mut world);
    (world, enrolled)
}

/// A sign-in of Ada's with the right password, which owes something.
pub(crate) fn owing(world: &mut World) -> String {
    let came = world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)).unwrap();
    came.owing().unwrap().session_token.expose().clone()
}

/// A sign-in of Ada's with password and code.
pub(crate) fn sign_in(world: &mut World, enrolled: &Enrolled) -> SignedIn {
    let token = owing(world);
    let code = code_of(&enrolled.seed, world);
    let signed_in = say(world, &token, json!({ "code": code })).unwrap().completed().unwrap();
    world.advance(Duration::from_secs(60));
    signed_in
}

/// An open invitation of Bob's with so many seats, or one for an address.
pub(crate) fn invitation(world: &mut World, request: Invite) -> Secret<String> {
    world.register(BOB, PASSWORD);
    world.change_user(BOB, |user| user.is_verified = true);
    let bob = world.login(BOB, PASSWORD);
    let invited = world.run(|env| invite(bob.tokens.access.expose(), request, env)).unwrap();
    invited.token.unwrap_or_else(|| mailed(world, MessageKind::Invitation))
}

pub(crate) fn error_codes(result: &OnboardingResult) -> Vec<(&str, &str)> {
    result.errors().iter().map(|error| (&*error.field, &*error.code)).collect()
}

fn side_by_side() -> Policy {
    Policy { one_onboarding_per_email: false, ..Policy::default() }
}

fn invited_first(order: [&str; 3]) -> World {
    let mut world = crate::new_world();
    world.set_onboarding(Onboarding::standard().sign_up(order));
    world
}

#[test]
fn an_open_invitation_takes_no_proof_of_the_address_away() {
    let mut world = invited_first(["register", "verify_email", "validate_invitation"]);
    world.set_policy(Policy { require_verified_email: true, ..Policy::default() });
    let invitation = invitation(&mut world, Invite::open(1));
    let (token, code) = with_code_sent(&mut world, ADA);
    say(&mut world, &token, json!({ "code": code })).unwrap();
    let done = say(&mut world, &token, json!({ "invitation": invitation.expose() })).unwrap();
    assert!(done.completed().unwrap().user.is_verified);
}

#[test]
fn who_left_an_account_at_an_address_unproven_is_in_nobodys_way_who_was_invited_there() {
    let mut world = invited_first(["validate_invitation", "register", "verify_email"]);
    let invitation = invitation(&mut world, Invite::bound(ADA));
    let squatter = world.register(ADA, "the squatter's own phrase");
    let theirs = world.login(ADA, "the squatter's own phrase");
    let token = start(&mut world, ADA);
    say(&mut world, &token, json!({ "invitation": invitation.expose() })).unwrap();
    let owner = say(&mut world, &token, registration(ADA)).unwrap().completed().unwrap().user;
    assert!(owner.is_verified && owner.id != squatter.id);
    assert!(world.authenticate(theirs.tokens.access.expose()).is_err());
    world.login(ADA, PASSWORD);
}

/// The Kelvin sign is folded to a `k`: one key, and perhaps two mailboxes.
#[test]
fn the_spelling_that_was_proved_is_the_one_that_counts_as_verified() {
    let (proved, other) = ("\u{212a}im@example.com", "kim@example.com");
    let mut world = crate::new_world();
    world.set_onboarding(Onboarding::standard().sign_up(["verify_email", "register"]));
    let token = start(&mut world, proved);
    say(&mut world, &token, json!({})).unwrap();
    let code = mailed_code(&world);
    say(&mut world, &token, json!({ "code": code })).unwrap();
    let done = say(&mut world, &token, registration(other)).unwrap().completed().unwrap();
    assert!(done.user.is_verified);
    assert_eq!(done.user.email.as_str(), proved);
}

/// The last step is right, but for the invitation: nothing of it counts, and it can be said again.
#[test]
fn a_step_that_comes_to_nothing_clears_no_counter_and_is_not_told_as_completed() {
    let mut world = invited_first(["validate_invitation", "register", "verify_email"]);
    world.set_policy(side_by_side());
    let invitation = invitation(&mut world, Invite::open(1));
    let mut ready = |email: &str| {
        let token = start(&mut world, email);
        say(&mut world, &token, json!({ "invitation": invitation.expose() })).unwrap();
        say(&mut world, &token, registration(email)).unwrap();
        say(&mut world, &token, json!({})).unwrap();
        (token, mailed_code(&world))
    };
    let ((late, late_code), (first, code)) = (ready(ADA), ready("eve@example.com"));
    say(&mut world, &first, json!({ "code": code })).unwrap().completed().unwrap();
    let before = world.tables().events().len();
    let came = say(&mut world, &late, json!({ "code": late_code })).unwrap();
    assert_eq!(error_codes(&came), [("invitation", "invalid_invitation")]);
    let events = world.tables().events();
    let kinds: Vec<_> = events[before..].iter().map(|it| it.event.kind().as_str()).collect();
    assert_eq!(kinds, ["onboarding_step_failed"]);
    let counted = world.tables().attempts().filter(|(key, _)| key.as_str().starts_with("code:"));
    let counted: Vec<_> = counted.map(|(_, counter)| counter.count).collect();
    assert_eq!(counted, [1], "the guess stays counted");
}

#[test]
fn a_suspended_onboarding_names_its_states_without_their_types() {
    let (mut world, enrolled) = world_with_totp();
    let token = owing(&mut world);
    let data = json!({ "code": wrong_code(&enrolled.seed, &world) });
    let mut step = advance_onboarding(&token, with(data), world.env());
    let mut states = Vec::new();
    while step.pending().is_some() {
        states.push(format!("{step:?}").split(' ').next().unwrap().to_owned());
        step = testudo::respond(step, &mut world).unwrap();
    }
    let expected = [
        "onboarding::session::find",
        "onboarding::session::with_account",
        "onboarding::counted::count",
        "onboarding::advance::record",
    ];
    assert_eq!(states, expected);
    assert!(matches!(
        world.run(|env| login(Login::new(ADA, PASSWORD.into()), env)),
        Ok(SignIn::Owing(_))
    ));
}

/// Whoever has a session binds another app, and is wrong about it: that says nothing of the app that is bound.
#[test]
fn wrong_codes_of_another_app_lock_and_stop_nobody_who_signs_in_with_the_one_that_is_bound() {
    let (mut world, enrolled) = world_with_totp();
    let mut policy = world.settings().policy().clone();
    policy.totp.hard_stop = Some(3);
    world.set_policy(policy);
    let access = sign_in(&mut world, &enrolled).tokens.access;
    let access = access.expose();
    let seed = world.run(|env| begin_totp(access, env)).unwrap().secret;
    for _ in 0..5 {
        let wrong = wrong_code(&seed, &world);
        world.run(|env| confirm_totp(access, &wrong, env)).unwrap_err();
    }
    let right = code_of(&seed, &world);
    let locked = world.run(|env| confirm_totp(access, &right, env)).unwrap_err();
    assert!(matches!(locked, Refusal::RateLimited { .. }), "{locked:?}");
    sign_in(&mut world, &enrolled);
}

/// Whoever knows a password that must be changed may say it over and over: each costs a hash.
#[test]
fn what_costs_a_hash_is_counted_against_the_network_it_comes_from() {
    let mut world = super::world_with_ada();
    world.change_user(ADA, |user| user.must_change_password = true);
    let ip = "192.0.2.1".parse().unwrap();
    world.set_client(testudo::Client::unknown().with_ip(ip));
    let mut policy = world.settings().policy().clone();
    policy.onboarding_network.attempts = 3;
    world.set_policy(policy);
    let token = owing(&mut world);
    let before = world.hashes();
    for _ in 0..5 {
        let _ = say(&mut world, &token, json!({ "new_password": PASSWORD }));
    }
    assert_eq!(world.hashes() - before, 3);
}
