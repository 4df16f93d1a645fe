//! Steps of two phases: they stay, and keep what they need.

use testudo::message::MessageKind;
use testudo::model::Method;

use crate::service::{ADA, Service, accepted, errors, field_names, json};

#[test]
fn a_first_phase_stays_on_the_step_and_is_no_completion() {
    let service = Service::new();
    let token = service.registered(ADA);
    let first = service.resume(&token).unwrap();
    assert_eq!(field_names(&first), [""; 0], "there is nothing to fill in yet");
    let second = accepted(service.advance(&token, json!({})));
    assert_eq!(second.current_step(), Some("verify_email"));
    assert_eq!(second.completed_steps, first.completed_steps);
    assert_eq!(field_names(&second), ["code"]);
    let field = &second.hint().unwrap().fields[0].validation;
    assert_eq!((field.length, field.pattern.as_deref()), (Some(6), Some("[0-9]{6}")));
}

#[test]
fn a_second_phase_takes_what_the_first_one_sent() {
    let service = Service::new();
    let (token, code) = service.sent(ADA);
    assert_eq!(service.count_mail(MessageKind::VerificationCode), 1);
    let verified = accepted(service.advance(&token, json!({ "code": code })));
    assert_eq!(verified.completed_steps, ["register", "verify_email"]);
}

#[test]
fn a_second_phase_before_the_first_is_an_error() {
    let service = Service::new();
    let token = service.registered(ADA);
    assert_eq!(errors(service.advance(&token, json!({"code": "123456"}))), ["no_code_sent"]);
    let (token, _) = service.verified("ben@example.com");
    assert_eq!(errors(service.advance(&token, json!({"code": "123456"}))), ["no_seed"]);
}

#[test]
fn an_authenticator_app_is_enrolled_by_a_code_of_it() {
    let service = Service::of_steps(["register", "verify_email", "setup_totp"]);
    let (token, _) = service.verified(ADA);
    let seed = service.shown_seed(&token);
    assert_eq!(
        errors(service.advance(&token, json!({"code": service.wrong_code_of(&seed)}))),
        ["invalid_code"]
    );
    let code = service.code_of(&seed);
    let done = accepted(service.advance(&token, json!({ "code": code }))).completed().unwrap();
    assert!(done.user.has_second_factor());
    assert_eq!(done.session.methods, [Method::Password, Method::Otp]);
}

/// A step keeps what is its own, encrypted, and only until it is behind; there all steps share one dictionary.
#[test]
fn what_a_step_kept_is_gone_when_it_is_behind_where_tortoise_auth_keeps_all_of_it() {
    let service = Service::new();
    let (token, code) = service.sent(ADA);
    let long = service.record(&token).unwrap().sealed.len();
    accepted(service.advance(&token, json!({ "code": code })));
    assert!(service.record(&token).unwrap().sealed.len() < long);
}
