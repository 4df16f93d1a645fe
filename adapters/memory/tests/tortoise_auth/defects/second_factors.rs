//! Authenticator apps.

use testudo::onboarding::Onboarding;
use testudo::{Duration, Policy, Refusal, SecondFactor};

use crate::service::{ADA, Service, accepted, errors, json};

/// There `AuthService.login` asks for the password alone, whoever has enrolled.
#[test]
fn who_enrolled_an_app_is_asked_for_its_code_at_sign_in() {
    let service = Service::new();
    let seed = service.enrolled(ADA);
    let owing = service.sign_in(ADA).unwrap().owing().expect("the password is not enough");
    assert_eq!(owing.current_step(), Some("second_factor"));
    let token = owing.session_token;
    let wrong = service.wrong_code_of(&seed);
    assert_eq!(errors(service.advance(&token, json!({ "code": wrong }))), ["invalid_code"]);
    assert_eq!(errors(service.skip(&token)), ["not_skippable"]);
    let code = service.code_of(&seed);
    let done = accepted(service.advance(&token, json!({ "code": code })));
    assert!(service.is_let_in(&done.completed().unwrap()));
}

/// There a code counts for as long as it is shown, however often.
#[test]
fn a_code_signs_in_once() {
    let service = Service::new();
    let seed = service.enrolled(ADA);
    let code = service.code_of(&seed);
    for is_right in [true, false] {
        let token = service.sign_in(ADA).unwrap().owing().unwrap().session_token;
        let came = service.advance(&token, json!({ "code": code })).unwrap();
        assert_eq!(came.completed().is_some(), is_right);
    }
}

/// There `onboarding_require_totp` says only that the step is shown; it can be skipped.
#[test]
fn an_app_that_is_required_cannot_be_skipped() {
    let service = required();
    let (token, verified) = service.verified(ADA);
    assert_eq!(verified.current_step(), Some("setup_totp"));
    assert!(!verified.hint().unwrap().skippable);
    assert_eq!(errors(service.skip(&token)), ["not_skippable"]);
    service.shown_seed(&token);
    assert_eq!(errors(service.skip(&token)), ["not_skippable"], "nor in its second phase");
}

/// Nor is it got round by an order of the steps that leaves it out.
#[test]
fn an_app_that_is_required_becomes_a_step_whatever_the_order() {
    let policy = Policy { second_factor: SecondFactor::Required, ..Policy::default() };
    let onboarding = Onboarding::standard().sign_up(["register", "verify_email"]);
    let service = Service::with(policy, onboarding);
    let (_, verified) = service.verified(ADA);
    assert_eq!(verified.current_step(), Some("setup_totp"));
    assert_eq!(service.user(ADA), None);
}

/// There the step is passed over where it is not required: who would like an app is never offered one.
#[test]
fn an_app_that_is_not_required_is_offered() {
    let service = Service::new();
    let (_, verified) = service.verified(ADA);
    assert_eq!(verified.current_step(), Some("setup_totp"));
    assert!(verified.hint().unwrap().skippable);
}

/// There it lies in clear in the session until that is swept, and in clear in the account.
#[test]
fn no_seed_is_in_clear_at_rest() {
    let service = Service::new();
    let (token, _) = service.verified(ADA);
    let seed = service.shown_seed(&token);
    let raw = totp_rs::Secret::try_from_base32(seed.expose()).unwrap();
    let is_in = |stored: &[u8]| {
        let texts = [seed.expose().as_bytes(), raw.as_ref()];
        texts.iter().any(|text| stored.windows(text.len()).any(|window| window == *text))
    };
    assert!(!is_in(&service.record(&token).unwrap().sealed));
    accepted(service.advance(&token, json!({"code": service.code_of(&seed)})));
    assert!(service.skip(&token).unwrap().completed().is_some());
    let user = service.user(ADA).unwrap();
    let sealed = user.totp.unwrap().sealed_seed;
    assert!(!is_in(&sealed));
    assert!(!is_in(format!("{:?}", service.events()).as_bytes()));
    // And it is sealed for one account: two with the same seed look nothing alike.
    assert!(sealed.len() > raw.as_ref().len());
}

/// There nobody counts: the code of an app that somebody began to enrol may be guessed for ever.
#[test]
fn guesses_at_the_first_code_of_an_app_are_counted() {
    let service = Service::new();
    let (token, _) = service.verified(ADA);
    let seed = service.shown_seed(&token);
    let wrong = service.wrong_code_of(&seed);
    for _ in 0..5 {
        assert_eq!(errors(service.advance(&token, json!({ "code": wrong }))), ["invalid_code"]);
    }
    let right = service.code_of(&seed);
    let refused = service.advance(&token, json!({ "code": right })).unwrap_err();
    assert!(matches!(refused, Refusal::RateLimited { .. }), "{refused:?}");
}

/// There it is said to be enabled although the account has no place for it, or is not there at all.
#[test]
fn an_app_that_is_enrolled_is_the_accounts() {
    let service = Service::new();
    service.enrolled(ADA);
    assert!(service.user(ADA).unwrap().has_second_factor());
}

/// There the seed is the same however often it is asked for only if nobody asks: each request makes another one,
/// and a parallel one may win. Here what counts is what was shown last.
#[test]
fn a_seed_that_was_replaced_counts_no_more() {
    let service = Service::new();
    let (token, _) = service.verified(ADA);
    let first = service.shown_seed(&token);
    let second = service.shown_seed(&token);
    let old = service.code_of(&first);
    if old != service.code_of(&second) {
        assert_eq!(errors(service.advance(&token, json!({ "code": old }))), ["invalid_code"]);
    }
    accepted(service.advance(&token, json!({"code": service.code_of(&second)})));
}

/// There is one way in, by password; here the factor is asked for at every one, and a lost app is no lost account.
#[test]
fn a_recovery_code_lets_in_who_lost_the_app_once() {
    let service = Service::new();
    let (token, _) = service.verified(ADA);
    let seed = service.shown_seed(&token);
    accepted(service.advance(&token, json!({"code": service.code_of(&seed)})));
    let shown = accepted(service.advance(&token, json!({})));
    let Some(testudo::onboarding::Revealed::RecoveryCodes(codes)) =
        shown.hint().unwrap().revealed.clone()
    else {
        panic!("{shown:?}")
    };
    accepted(service.advance(&token, json!({"saved": true})));
    service.wait(Duration::from_secs(30));
    for is_right in [true, false] {
        let token = service.sign_in(ADA).unwrap().owing().unwrap().session_token;
        let came = service.advance(&token, json!({"code": codes[0].expose()})).unwrap();
        assert_eq!(came.completed().is_some(), is_right);
    }
}

fn required() -> Service {
    let policy = Policy { second_factor: SecondFactor::Required, ..Policy::default() };
    Service::with(policy, Onboarding::standard())
}
