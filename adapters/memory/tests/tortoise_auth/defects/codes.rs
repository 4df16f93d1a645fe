//! Codes by mail.

use testudo::flow::ResetPassword;
use testudo::message::MessageKind;
use testudo::onboarding::Onboarding;
use testudo::{Client, Duration, Policy, Refusal};

use crate::service::{ADA, Service, accepted, errors, json, refusal};

/// There the result, and with it the client, holds the code in clear, with a signature behind it; so does the row
/// of the session, and so does the event by which the application is to mail it.
#[test]
fn no_code_can_be_read_in_a_result_in_a_record_or_in_an_event() {
    let service = Service::new();
    let token = service.registered(ADA);
    let result = accepted(service.advance(&token, json!({})));
    let code = service.mailed_code();
    let hint = result.hint().unwrap();
    let shown = format!("{result:?} {:?} {:?}", hint.extra, hint.description);
    assert!(!shown.contains(&code), "{shown}");
    let events = service.events();
    let told = format!("{events:?}");
    // Only ids have as many digits in a row.
    let told: Vec<_> = events.iter().map(|it| format!("{:?}", it.event)).chain([told]).collect();
    assert!(!told.iter().any(|text| text.contains(&format!("\"{code}\""))));
    let stored = service.record(&token).unwrap().sealed;
    assert!(!stored.windows(6).any(|window| window == code.as_bytes()));
}

/// There that signed code is a token for all else that is signed: `confirm_reset` takes it for a link that resets
/// the password of the user whose number is the code.
#[test]
fn nothing_in_a_result_is_a_token_for_something_else() {
    let service = Service::of_steps(["register", "verify_email"]);
    service.verified("victim@example.com");
    let (token, code) = service.sent(ADA);
    let here = Client::unknown();
    for text in [token.expose().clone(), code] {
        let new_password = "a phrase of the attacker's".into();
        let request = ResetPassword { token: text.clone().into(), new_password };
        let reset = service.auth.reset_password(request, &here);
        assert_eq!(smol::block_on(refusal(reset)), Err(Refusal::InvalidToken));
        let verified = service.auth.verify_email(&text, &here);
        assert_eq!(smol::block_on(refusal(verified)), Err(Refusal::InvalidToken));
        assert!(smol::block_on(service.auth.authenticate(&text)).is_err());
    }
}

/// There each new code begins with five guesses: a million codes are a matter of patience.
#[test]
fn sending_another_code_does_not_reset_the_counter() {
    let service = Service::new();
    let (token, _) = service.sent(ADA);
    for _ in 0..4 {
        assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["invalid_code"]);
    }
    service.wait(Policy::default().email_code_cooldown);
    accepted(service.advance(&token, json!({})));
    assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["invalid_code"]);
    let right = service.mailed_code();
    let refused = service.advance(&token, json!({ "code": right })).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }), "{refused:?}");
}

/// There it counts by session, so that a new one has five guesses again.
#[test]
fn beginning_again_does_not_reset_the_counter() {
    let service = Service::new();
    for _ in 0..2 {
        let (token, _) = service.sent(ADA);
        assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["invalid_code"]);
        assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["invalid_code"]);
    }
    let (token, right) = service.sent(ADA);
    assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["invalid_code"]);
    let refused = service.advance(&token, json!({ "code": right })).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }), "{refused:?}");
}

/// There a guess at a code that has expired sets the counter to nothing.
#[test]
fn a_guess_at_an_expired_code_counts_like_any_other() {
    // Where the window outlasts the code.
    let email_code = testudo::model::AttemptLimit {
        window: Duration::from_minutes(60),
        ..Policy::default().email_code
    };
    let service = Service::with(Policy { email_code, ..Policy::default() }, Onboarding::standard());
    let (token, _) = service.sent(ADA);
    for _ in 0..4 {
        assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["invalid_code"]);
    }
    service.wait(Policy::default().email_code_lifetime);
    assert_eq!(errors(service.advance(&token, json!({"code": "00000x"}))), ["code_expired"]);
    accepted(service.advance(&token, json!({})));
    let right = service.mailed_code();
    let refused = service.advance(&token, json!({ "code": right })).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }), "{refused:?}");
}

/// There every request mails another one, to whatever address it was started for.
#[test]
fn codes_are_not_sent_as_often_as_somebody_likes() {
    let service = Service::new();
    let (token, _) = service.sent(ADA);
    assert_eq!(errors(service.advance(&token, json!({}))), ["too_soon"]);
    let mut sent = 1;
    for _ in 0..20 {
        service.wait(Policy::default().email_code_cooldown);
        // Neither another session nor the same one.
        for token in [&token, &service.registered("ada@example.com ")] {
            sent += usize::from(
                service.advance(token, json!({})).is_ok_and(|it| it.errors().is_empty()),
            );
        }
    }
    assert_eq!(service.count_mail(MessageKind::VerificationCode), sent);
    // Three in five minutes, and ten minutes have passed.
    assert!(sent <= 9, "{sent}");
}

/// There a number where a text should be is an exception that nobody expects.
#[test]
fn what_has_another_type_is_an_error_of_its_field() {
    let service = Service::new();
    let token = service.begin(ADA);
    for wrong in [json!(7), json!(true), json!([]), json!({})] {
        let data = json!({"email": wrong, "password": wrong, "password_confirm": wrong});
        assert_eq!(errors(service.advance(&token, data)), ["wrong_type", "wrong_type"]);
    }
    let (token, code) = service.sent(ADA);
    let number: u32 = code.parse().unwrap();
    assert_eq!(errors(service.advance(&token, json!({ "code": number }))), ["wrong_type"]);
    accepted(service.advance(&token, json!({ "code": code })));
}

/// There the code lies in the session before anybody is told, and whether the handler of the event failed is only
/// logged.
#[test]
fn a_code_and_its_letter_are_committed_together() {
    let service = Service::new();
    let token = service.registered(ADA);
    let before = service.record(&token).unwrap().version;
    accepted(service.advance(&token, json!({})));
    assert_eq!(service.record(&token).unwrap().version, before.next());
    assert_eq!(service.count_mail(MessageKind::VerificationCode), 1);
}
