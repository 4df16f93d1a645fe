//! What is done when the last step is.

use testudo::Refusal;
use testudo::model::Method;

use crate::service::{ADA, Service, json};

#[test]
fn the_last_step_opens_a_session_by_the_configured_tokens() {
    let service = Service::of_steps(["register", "verify_email"]);
    let (_, done) = service.verified(ADA);
    assert_eq!(done.completed_steps, ["register", "verify_email"]);
    assert!(done.remaining_steps.is_empty() && done.hint().is_none());
    assert_eq!(done.current_step(), None);
    let signed_in = done.completed().unwrap();
    assert!(service.is_let_in(&signed_in));
    assert_eq!(signed_in.session.methods, [Method::Password]);
    assert_eq!(service.user(ADA), Some(signed_in.user));
}

#[test]
fn the_account_is_verified_and_its_password_is_the_one_that_was_chosen() {
    let service = Service::of_steps(["register", "verify_email"]);
    service.verified(ADA);
    assert!(service.user(ADA).unwrap().is_verified);
    assert!(service.sign_in(ADA).unwrap().signed_in().is_ok());
}

#[test]
fn what_is_finished_says_so() {
    let service = Service::of_steps(["register", "verify_email"]);
    let (token, _) = service.verified(ADA);
    assert_eq!(service.resume(&token).unwrap_err(), Refusal::OnboardingComplete);
    assert_eq!(service.advance(&token, json!({})).unwrap_err(), Refusal::OnboardingComplete);
    assert_eq!(service.skip(&token).unwrap_err(), Refusal::OnboardingComplete);
}

#[test]
fn the_events_tell_it_from_beginning_to_end() {
    let service = Service::new();
    let (token, _) = service.verified(ADA);
    service.skip(&token).unwrap();
    let mut told = service.event_names();
    told.retain(|name| name.starts_with("onboarding") || name.starts_with("user"));
    assert_eq!(
        told,
        [
            "onboarding_started",
            "onboarding_step_completed",
            "onboarding_step_completed",
            "onboarding_step_skipped",
            "user_login",
            "user_created",
            "onboarding_completed",
        ]
    );
}
