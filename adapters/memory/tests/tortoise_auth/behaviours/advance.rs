//! `OnboardingService.advance`, with data.

use testudo::event::Event;
use testudo::{Refusal, Secret};

use crate::service::{ADA, Service, accepted, errors, json, registration};

#[test]
fn advance_takes_the_current_step_and_shows_the_next_one() {
    let service = Service::of_steps(["register", "verify_email"]);
    let token = service.begin(ADA);
    let advanced = accepted(service.advance(&token, registration(ADA)));
    assert_eq!(advanced.current_step(), Some("verify_email"));
    assert_eq!(advanced.session_token.expose(), token.expose(), "the token stays");
    assert_eq!(advanced.completed_steps, ["register"]);
    assert_eq!(advanced.remaining_steps, ["verify_email"]);
}

#[test]
fn advance_with_wrong_data_stays_on_the_step_and_says_all_that_is_wrong() {
    let service = Service::new();
    let token = service.begin(ADA);
    assert_eq!(errors(service.advance(&token, json!({}))), ["required", "required"]);
    let other = json!({"email": ADA, "password": "one phrase", "password_confirm": "another one"});
    let failed = service.advance(&token, other).unwrap();
    assert_eq!(failed.errors()[0].field, "password_confirm");
    assert_eq!(failed.current_step(), Some("register"));
    assert!(failed.hint().is_some() && failed.completed_steps.is_empty());
    assert!(service.advance(&token, registration(ADA)).is_ok(), "it goes on all the same");
}

#[test]
fn advance_records_what_became_of_the_step() {
    let service = Service::new();
    let token = service.begin(ADA);
    service.advance(&token, json!({})).unwrap();
    accepted(service.advance(&token, registration(ADA)));
    let (id, step) = (service.record(&token).unwrap().id, "register".to_owned());
    let events = service.events();
    let failed = Event::OnboardingStepFailed {
        onboarding: id,
        step: step.clone(),
        codes: vec!["required".into(), "required".into()],
    };
    assert_eq!(events[1].event, failed);
    assert_eq!(events[2].event, Event::OnboardingStepCompleted { onboarding: id, step });
}

#[test]
fn advance_with_an_unknown_token_is_refused() {
    let service = Service::new();
    let others = Service::new().begin(ADA);
    for token in [others, Secret::new(String::new()), Secret::new("made up".into())] {
        let refused = service.advance(&token, json!({})).unwrap_err();
        assert_eq!(refused, Refusal::OnboardingUnknown);
    }
}

/// There the account is made by the first step, and stays behind when somebody stops half way.
#[test]
fn advance_makes_no_account_before_the_last_step_which_tortoise_auth_does_at_the_first() {
    let service = Service::new();
    service.verified(ADA);
    assert_eq!(service.user(ADA), None);
}
