//! What ends a session: time, and too many guesses.

use testudo::{Duration, Policy, Refusal};

use crate::service::{ADA, Service, accepted, errors, json};

#[test]
fn a_session_expires_an_hour_after_its_start_and_an_event_says_so() {
    let service = Service::new();
    let token = service.begin(ADA);
    service.wait(Duration::from_millis(60 * 60 * 1000 - 1));
    assert!(service.resume(&token).is_ok());
    service.wait(Duration::from_millis(1));
    assert_eq!(service.resume(&token).unwrap_err(), Refusal::OnboardingExpired);
    assert_eq!(service.advance(&token, json!({})).unwrap_err(), Refusal::OnboardingExpired);
    assert_eq!(service.event_names(), ["onboarding_started", "onboarding_session_expired"]);
}

#[test]
fn a_sweep_removes_sessions_that_expired_and_no_others() {
    let service = Service::new();
    let old = service.begin(ADA);
    service.wait(Duration::from_minutes(60));
    let new = service.begin("ben@example.com");
    // An hour longer than needed, since the clocks of two servers may differ.
    for (minutes, removed) in [(0, 0), (60, 1), (0, 0)] {
        service.wait(Duration::from_minutes(minutes));
        assert_eq!(smol::block_on(service.auth.sweep()).unwrap().onboarding, removed);
    }
    assert_eq!(service.resume(&old).unwrap_err(), Refusal::OnboardingUnknown);
    assert_eq!(service.resume(&new).unwrap_err(), Refusal::OnboardingExpired);
}

#[test]
fn a_code_expires_after_ten_minutes_and_another_one_can_be_sent() {
    let service = Service::new();
    let (token, code) = service.sent(ADA);
    service.wait(Policy::default().email_code_lifetime);
    assert_eq!(errors(service.advance(&token, json!({ "code": code }))), ["code_expired"]);
    accepted(service.advance(&token, json!({})));
    let code = service.mailed_code();
    accepted(service.advance(&token, json!({ "code": code })));
}

#[test]
fn a_code_counts_until_ten_minutes_are_over() {
    let service = Service::new();
    let (token, code) = service.sent(ADA);
    service.wait(Duration::from_millis(10 * 60 * 1000 - 1));
    accepted(service.advance(&token, json!({ "code": code })));
}

/// There the sixth guess ends the session, and a new session has five again. Here it is the address that nobody
/// guesses at for a while; its owner goes on afterwards in the same session.
#[test]
fn after_five_wrong_codes_the_address_waits_where_tortoise_auth_ends_the_session() {
    let service = Service::new();
    let (token, code) = service.sent(ADA);
    for _ in 0..5 {
        assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["invalid_code"]);
    }
    let lock = Policy::default().email_code.lock;
    let refused = service.advance(&token, json!({ "code": code })).unwrap_err();
    assert_eq!(refused, Refusal::RateLimited { retry_after: lock });
    assert!(service.event_names().contains(&"rate_limit_exceeded"));
    service.wait(lock);
    accepted(service.advance(&token, json!({})));
    let code = service.mailed_code();
    accepted(service.advance(&token, json!({ "code": code })));
}
