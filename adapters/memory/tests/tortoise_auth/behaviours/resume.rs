//! `OnboardingService.resume`.

use testudo::{Refusal, Secret};

use crate::service::{ADA, Service, field_names};

#[test]
fn resume_shows_the_current_step_and_executes_nothing() {
    let service = Service::new();
    let token = service.registered(ADA);
    let (record, events) = (service.record(&token), service.events().len());
    let resumed = service.resume(&token).unwrap();
    assert_eq!(resumed.current_step(), Some("verify_email"));
    assert_eq!(resumed.completed_steps, ["register"]);
    assert_eq!(resumed.session_token.expose(), token.expose());
    assert_eq!((service.record(&token), service.events().len()), (record, events));
    assert!(service.mail().is_empty());
}

#[test]
fn resume_shows_the_phase_in_which_the_step_is() {
    let service = Service::new();
    let (token, _) = service.sent(ADA);
    assert_eq!(field_names(&service.resume(&token).unwrap()), ["code"]);
}

/// There whoever resumes is shown the seed again, as often as they like.
#[test]
fn resume_shows_no_seed_again_which_tortoise_auth_does() {
    let service = Service::new();
    let (token, _) = service.verified(ADA);
    service.shown_seed(&token);
    let resumed = service.resume(&token).unwrap();
    assert_eq!(field_names(&resumed), ["code"]);
    assert!(resumed.hint().unwrap().revealed.is_none());
}

#[test]
fn resume_with_an_unknown_token_is_refused() {
    let service = Service::new();
    let made_up = Secret::new("made up".to_owned());
    assert_eq!(service.resume(&made_up).unwrap_err(), Refusal::OnboardingUnknown);
}
