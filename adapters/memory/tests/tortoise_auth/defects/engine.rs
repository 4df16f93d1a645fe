//! The engine: parallel requests, orders that cannot be, limits.

use smol::block_on;
use testudo::event::Event;
use testudo::onboarding::{Advance, Onboarding, OnboardingError};
use testudo::{Client, KeyRing, Policy, Refusal, Settings};

use crate::service::{ADA, Service, accepted, in_parallel, json, refusal, registration};

/// There fifty guesses at once are all looked at, and one is counted.
#[test]
fn of_parallel_wrong_codes_none_is_lost() {
    let service = Service::new();
    let (token, _) = service.sent(ADA);
    let outcomes = in_parallel(50, || service.advance(&token, json!({"code": "00000x"})));
    let looked_at = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((looked_at, outcomes.len()), (5, 50));
}

/// There ten requests with the right code are ten sessions.
#[test]
fn of_parallel_right_codes_one_finishes() {
    let service = Service::of_steps(["register", "verify_email"]);
    let (token, code) = service.sent(ADA);
    let outcomes = in_parallel(10, || service.advance(&token, json!({ "code": code })));
    let finished = outcomes.into_iter().flatten().filter(|it| it.clone().completed().is_some());
    assert_eq!(finished.count(), 1);
    assert_eq!(service.count_events(|event| matches!(event, Event::UserLogin { .. })), 1);
}

/// There twenty starts at once are twenty sessions, all alive, though a new one should end the old.
#[test]
fn of_parallel_starts_one_session_is_alive() {
    let service = Service::new();
    let started = in_parallel(20, || block_on(service.starting(ADA)));
    let tokens = started.into_iter().flatten().map(|started| started.session_token);
    let alive = tokens.filter(|token| service.resume(token).is_ok()).count();
    assert_eq!(alive, 1);
}

/// There the first one makes the account and the others fail with an exception of the database.
#[test]
fn of_parallel_registrations_one_goes_on_and_the_others_are_told_so() {
    let service = Service::new();
    let token = service.begin(ADA);
    let outcomes = in_parallel(5, || service.advance(&token, registration(ADA)));
    for outcome in &outcomes {
        let is_fine = match outcome {
            Ok(result) => result.current_step() == Some("verify_email"),
            // Who comes after it speaks to the step that sends codes, which is limited.
            Err(refusal) => {
                matches!(refusal, Refusal::OnboardingMoved | Refusal::RateLimited { .. })
            }
        };
        assert!(is_fine, "{outcome:?}");
    }
    assert_eq!(
        service.count_events(|event| matches!(event, Event::OnboardingStepCompleted { .. })),
        1
    );
}

/// There a form that is sent twice is said to the step after it, or skips it.
#[test]
fn what_is_sent_twice_is_not_said_to_the_next_step() {
    let service = Service::new();
    let (token, _) = service.verified(ADA);
    let version = service.record(&token).unwrap().version;
    let here = Client::unknown();
    let again = Advance::skip().at("verify_email");
    let result = service.auth.advance_onboarding(token.expose(), again, &here);
    let result = block_on(refusal(result)).unwrap();
    assert_eq!(result.current_step(), Some("setup_totp"));
    assert_eq!(service.record(&token).unwrap().version, version);
}

/// There a step that nobody knows is passed over without a word: one letter, and nobody verifies an address.
#[test]
fn an_order_with_a_step_that_is_not_there_is_refused_when_it_is_set_up() {
    let keys = || KeyRing::parse("wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe").unwrap();
    let set_up = |steps: &[&str]| {
        let settings = Settings::new(Policy::default(), keys()).unwrap();
        settings.with_onboarding(Onboarding::standard().sign_up(steps.iter().copied())).err()
    };
    let misspelt = set_up(&["register", "verify_emial"]);
    assert!(
        matches!(misspelt, Some(OnboardingError::UnknownStep { name, .. }) if name == "verify_emial")
    );
    let twice = set_up(&["register", "verify_email", "register"]);
    assert!(matches!(twice, Some(OnboardingError::Repeated { .. })));
    assert!(matches!(set_up(&["verify_email"]), Some(OnboardingError::NoRegister)));
}

/// There a limiter is asked at each start, and told of none: it never refuses.
#[test]
fn starts_from_one_network_are_limited() {
    let ip = "192.0.2.7".parse().unwrap();
    let service = Service::new().from(Client::unknown().with_ip(ip));
    let most = Policy::default().onboarding_network.attempts;
    for number in 0..most {
        service.start(&format!("user-{number}@example.com"));
    }
    let refused = block_on(service.starting(ADA)).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }), "{refused:?}");
}

/// There each step is two writes and an event between them: a crash leaves what was told and not done.
#[test]
fn each_request_is_one_commit() {
    let service = Service::new();
    let token = service.begin(ADA);
    let mut version = service.record(&token).unwrap().version;
    for data in [registration(ADA), json!({})] {
        accepted(service.advance(&token, data));
        version = version.next();
        assert_eq!(service.record(&token).unwrap().version, version);
    }
}
