//! `OnboardingService.advance`, with `skip`.

use testudo::event::Event;
use testudo::onboarding::Onboarding;
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::{Policy, Refusal};

use crate::service::{ADA, Service, errors, json};

fn with_profile(field: ProfileField) -> Service {
    let onboarding = Onboarding::standard().with_step(Profile::new([field])).sign_up([
        "register",
        "verify_email",
        "profile",
    ]);
    Service::with(Policy::default(), onboarding)
}

#[test]
fn skip_leaves_out_a_step_that_may_be_and_it_shows_as_completed() {
    let service = with_profile(ProfileField::text("name", "Your name").optional());
    let (token, verified) = service.verified(ADA);
    assert!(verified.hint().unwrap().skippable);
    let done = service.skip(&token).unwrap();
    assert_eq!(done.completed_steps, ["register", "verify_email", "profile"]);
    assert!(done.remaining_steps.is_empty());
    let (onboarding, step) = (service.record(&token).unwrap().id, "profile".to_owned());
    let skipped = Event::OnboardingStepSkipped { onboarding, step };
    assert_eq!(service.count_events(|event| *event == skipped), 1);
}

#[test]
fn skip_of_a_step_that_must_be_taken_is_an_error_and_it_stays() {
    let service = with_profile(ProfileField::text("name", "Your name"));
    let (token, verified) = service.verified(ADA);
    assert!(!verified.hint().unwrap().skippable);
    assert_eq!(errors(service.skip(&token)), ["not_skippable"]);
    let stays = service.resume(&token).unwrap();
    assert_eq!(stays.current_step(), Some("profile"));
    assert!(service.advance(&token, json!({"name": "Ada"})).unwrap().completed().is_some());
    assert_eq!(service.user(ADA).unwrap().profile["name"], "Ada");
}

#[test]
fn skip_of_registering_and_of_verifying_is_an_error() {
    let service = Service::new();
    let token = service.begin(ADA);
    assert_eq!(errors(service.skip(&token)), ["not_skippable"]);
    let (token, _) = service.sent(ADA);
    assert_eq!(errors(service.skip(&token)), ["not_skippable"]);
}

#[test]
fn skip_of_the_last_step_finishes() {
    let service = Service::new();
    let (token, verified) = service.verified(ADA);
    assert_eq!(verified.current_step(), Some("setup_totp"));
    assert!(service.skip(&token).unwrap().completed().is_some());
    assert_eq!(service.skip(&token).unwrap_err(), Refusal::OnboardingComplete);
}
