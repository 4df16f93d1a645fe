//! Steps of the application's own, by the trait `OnboardingStep`.

use testudo::onboarding::{
    ClientHint, Field, FieldType, Need, Onboarding, OnboardingStep, Progress, Turn, Turned,
};
use testudo::{FieldError, Policy, Step};

use crate::service::{ADA, Service, accepted, errors, field_names, json, registration};

/// Asks for a colour, and then whether it is sure.
#[derive(Debug)]
struct Colour {
    name: &'static str,
}

impl OnboardingStep for Colour {
    fn name(&self) -> &str {
        self.name
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.user().profile.contains_key("colour") { Need::No } else { Need::Required }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        let hint = ClientHint::new("A colour", "Which one?");
        match progress.kept::<String>() {
            None => hint.field(Field::required("colour", FieldType::Text, "Colour")),
            Some(colour) => hint
                .field(Field::required("sure", FieldType::Checkbox, "Sure"))
                .extra("chosen", colour),
        }
    }

    fn advance(&self, mut turn: Turn) -> Step<Turned> {
        if let Some(colour) = turn.kept::<String>() {
            return match turn.answers().flag("sure") {
                Ok(true) => {
                    turn.profile_mut().insert("colour".into(), colour.into());
                    turn.done()
                }
                Ok(false) => {
                    turn.forget();
                    turn.stay()
                }
                Err(error) => turn.fail([error]),
            };
        }
        match turn.answers().required_text("colour").map(str::to_owned) {
            Ok(colour) if colour == "blue" => {
                turn.keep(&colour);
                turn.stay()
            }
            Ok(_) => turn.fail([FieldError::new("colour", "no_colour", "expected blue")]),
            Err(error) => turn.fail([error]),
        }
    }
}

fn service(order: [&str; 3]) -> Service {
    let onboarding = Onboarding::standard().with_step(Colour { name: "colour" }).sign_up(order);
    Service::with(Policy::default(), onboarding)
}

#[test]
fn a_custom_step_is_taken_in_its_place_with_its_own_phases_and_errors() {
    let service = service(["register", "colour", "verify_email"]);
    let token = service.begin(ADA);
    let registered = accepted(service.advance(&token, registration(ADA)));
    assert_eq!(registered.current_step(), Some("colour"));
    assert_eq!(field_names(&registered), ["colour"]);
    assert_eq!(errors(service.advance(&token, json!({"colour": "red"}))), ["no_colour"]);
    let chosen = accepted(service.advance(&token, json!({"colour": "blue"})));
    assert_eq!(chosen.hint().unwrap().extra["chosen"], "blue");
    let again = accepted(service.advance(&token, json!({"sure": false})));
    assert_eq!(field_names(&again), ["colour"], "it forgot");
    accepted(service.advance(&token, json!({"colour": "blue"})));
    let sure = accepted(service.advance(&token, json!({"sure": true})));
    assert_eq!(sure.current_step(), Some("verify_email"));
}

#[test]
fn the_order_of_the_steps_is_set_apart_from_what_they_do() {
    let service = service(["colour", "register", "verify_email"]);
    let started = service.start(ADA);
    assert_eq!(started.remaining_steps, ["colour", "register", "verify_email"]);
    assert_eq!(started.current_step(), Some("colour"));
}

#[test]
fn a_custom_step_takes_the_place_of_a_built_in_one_of_its_name() {
    let onboarding = Onboarding::standard().with_step(Colour { name: "profile" }).sign_up([
        "profile",
        "register",
        "verify_email",
    ]);
    let service = Service::with(Policy::default(), onboarding);
    assert_eq!(field_names(&service.start(ADA)), ["colour"]);
}

#[test]
fn a_custom_step_that_is_not_needed_is_passed_over_at_sign_in_and_asks_else() {
    let onboarding = Onboarding::standard()
        .with_step(Colour { name: "colour" })
        .sign_up(["register", "verify_email"])
        .at_sign_in(["colour"]);
    let service = Service::with(Policy::default(), onboarding);
    service.verified(ADA);
    let owing = service.sign_in(ADA).unwrap().owing().unwrap();
    assert_eq!(owing.current_step(), Some("colour"));
    accepted(service.advance(&owing.session_token, json!({"colour": "blue"})));
    let done = accepted(service.advance(&owing.session_token, json!({"sure": true})));
    assert_eq!(done.completed().unwrap().user.profile["colour"], "blue");
    assert!(service.sign_in(ADA).unwrap().signed_in().is_ok(), "it is not asked twice");
}

/// There steps hand each other what they like in one dictionary, a `user_id` too, which the service believes.
#[test]
fn what_one_step_found_the_next_one_sees_in_the_account_and_not_in_shared_data() {
    let service = service(["colour", "register", "verify_email"]);
    let token = service.begin(ADA);
    accepted(
        service.advance(&token, json!({"colour": "blue", "user_id": "1", "is_verified": true})),
    );
    accepted(service.advance(&token, json!({"sure": true})));
    accepted(service.advance(&token, registration(ADA)));
    accepted(service.advance(&token, json!({})));
    let code = service.mailed_code();
    let done = accepted(service.advance(&token, json!({ "code": code }))).completed().unwrap();
    let profile: Vec<_> = done.user.profile.keys().collect();
    assert_eq!(profile, ["colour"]);
}
