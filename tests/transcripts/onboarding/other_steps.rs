//! Registering, terms, profile, a password that must be changed, and steps of an application's own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testudo::command::{Consult, Question, UserKey};
use testudo::event::Event;
use testudo::flow::admin::{SetPassword, set_password};
use testudo::message::MessageKind;
use testudo::model::AttemptLimit;
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{
    ClientHint, Field, FieldType, Need, Onboarding, OnboardingStep, Progress, Turn, Turned,
};
use testudo::testing::World;
use testudo::{Duration, FieldError, Policy, Refusal, Step};

use super::{ADA, Client, PASSWORD, at, codes, owes, signs_in};
use crate::mail;

#[test]
fn all_that_is_wrong_with_a_registration_is_told_at_once_and_nothing_is_kept() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    let before: Vec<_> = world.tables().onboarding().cloned().collect();
    let data = json!({"email": "bob@example.com", "password": "1234567", "password_confirm": "x"});
    let refused = client.says(&mut world, data).unwrap();
    let wrong = codes(&refused);
    for expected in [
        ("email", "other_email"),
        ("password", "password_too_short"),
        ("password", "password_entirely_numeric"),
        ("password_confirm", "password_mismatch"),
    ] {
        assert!(wrong.contains(&expected), "{expected:?} among {wrong:?}");
    }
    assert_eq!(world.tables().onboarding().cloned().collect::<Vec<_>>(), before);
    let similar = json!({"email": ADA, "password": ADA, "password_confirm": ADA});
    let refused = client.says(&mut world, similar).unwrap();
    assert_eq!(codes(&refused).first().map(|(field, _)| *field), Some("password"));
}

#[test]
fn a_password_must_be_said_twice_and_texts_must_be_texts() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    let refused = client.says(&mut world, json!({"email": ADA, "password": PASSWORD})).unwrap();
    assert_eq!(codes(&refused), [("password_confirm", "required")]);
    let refused = client.says(&mut world, json!({"email": [ADA], "password": 7})).unwrap();
    assert_eq!(codes(&refused), [("email", "wrong_type"), ("password", "wrong_type")]);
}

#[test]
fn the_address_keeps_the_spelling_in_which_it_was_registered() {
    let mut world = World::new();
    let (client, _) = Client::start(&mut world);
    let email = "Ada@Example.com";
    let data = json!({"email": email, "password": PASSWORD, "password_confirm": PASSWORD});
    client.says(&mut world, data).unwrap();
    client.verifies(&mut world);
    let user = client.skips(&mut world).unwrap().completed().unwrap().user;
    assert_eq!(user.email.as_str(), email);
}

#[test]
fn terms_are_accepted_by_version_and_asked_for_again_when_they_change() {
    let mut world = World::new();
    let terms = |version: &str| Policy { terms: Some(version.into()), ..Policy::default() };
    world.set_policy(terms("2026-01"));
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    let asked = client.skips(&mut world).unwrap();
    assert_eq!(at(&asked), Some("accept_terms"));
    assert_eq!(asked.hint().unwrap().extra["terms_version"], "2026-01");
    assert_eq!(codes(&client.skips(&mut world).unwrap()), [("skip", "not_skippable")]);
    for (data, code) in [(json!({}), "required"), (json!({"accept": "yes"}), "wrong_type")] {
        assert_eq!(codes(&client.says(&mut world, data).unwrap()), [("accept", code)]);
    }
    let user = client.says(&mut world, json!({"accept": true})).unwrap().completed().unwrap().user;
    assert_eq!(
        user.terms.map(|terms| (terms.version, terms.at)),
        Some(("2026-01".into(), world.now()))
    );
    assert!(signs_in(&mut world).signed_in().is_ok());

    world.set_policy(terms("2026-02"));
    let (client, begun) = owes(&mut world);
    assert_eq!(at(&begun), Some("accept_terms"));
    client.says(&mut world, json!({"accept": true})).unwrap().completed().unwrap();
    assert!(signs_in(&mut world).signed_in().is_ok());
    let events = world.tables().events().into_iter();
    assert_eq!(events.filter(|it| matches!(it.event, Event::TermsAccepted { .. })).count(), 2);
}

#[test]
fn a_profile_takes_its_declared_fields_and_no_others() {
    let mut world = World::new();
    let profile = Profile::new([
        ProfileField::text("name", "Name"),
        ProfileField::checkbox("news", "News").optional(),
    ]);
    let onboarding = Onboarding::standard().with_step(profile);
    world.set_onboarding(onboarding.sign_up(["register", "verify_email", "profile"]));
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    client.verifies(&mut world);
    let refused = client.says(&mut world, json!({"name": " ", "news": 1})).unwrap();
    assert_eq!(codes(&refused), [("name", "required"), ("news", "wrong_type")]);
    assert_eq!(codes(&client.skips(&mut world).unwrap()), [("skip", "not_skippable")]);
    let data = json!({"name": "Ada", "role": "admin", "is_verified": false, "id": 7});
    let user = client.says(&mut world, data).unwrap().completed().unwrap().user;
    assert_eq!(Value::Object(user.profile), json!({"name": "Ada"}));
    assert!(user.is_verified);
}

#[test]
fn optional_fields_alone_may_be_skipped_and_show_as_completed() {
    let mut world = World::new();
    let profile = Profile::new([ProfileField::text("name", "Name").optional()]);
    let onboarding = Onboarding::standard().with_step(profile);
    world.set_onboarding(onboarding.sign_up(["register", "verify_email", "profile"]));
    let (client, _) = Client::start(&mut world);
    client.registers(&mut world);
    assert!(client.verifies(&mut world).hint().unwrap().skippable);
    let done = client.skips(&mut world).unwrap();
    assert_eq!(done.completed_steps, ["register", "verify_email", "profile"]);
}

#[test]
fn a_password_that_must_be_changed_is_changed_before_anything_is_opened() {
    let mut world = World::new();
    let ada = world.register(ADA, "known to somebody else");
    let (user, password) = (UserKey::Id(ada.id), PASSWORD.into());
    let request = SetPassword { user, password, must_change: true };
    world.run(|env| set_password(request, env)).unwrap();
    let (client, begun) = owes(&mut world);
    assert_eq!(at(&begun), Some("change_password"));
    assert_eq!(codes(&client.skips(&mut world).unwrap()), [("skip", "not_skippable")]);
    let same = client.says(&mut world, json!({"new_password": PASSWORD})).unwrap();
    assert_eq!(codes(&same), [("new_password", "password_unchanged")]);
    let new = "my own phrase, nobody else's";
    let other = json!({"new_password": new, "new_password_confirm": "my own phrase"});
    let refused = client.says(&mut world, other).unwrap();
    assert_eq!(codes(&refused), [("new_password_confirm", "password_mismatch")]);
    let signed_in =
        client.says(&mut world, json!({"new_password": new})).unwrap().completed().unwrap();
    assert!(!signed_in.user.must_change_password);
    assert_eq!(mail(&world).last().unwrap().0, MessageKind::PasswordChanged);
    assert!(world.authenticate(signed_in.tokens.access.expose()).is_ok());
    world.login(ADA, new);
}

/// Which company has this code.
#[derive(Serialize, Deserialize)]
struct CompanyOf {
    code: String,
}

impl Question for CompanyOf {
    type Answer = Option<String>;
    const NAME: &'static str = "company_of";
}

/// Asks for a company's code, says whose it is, and wants that confirmed: two phases.
#[derive(Debug)]
struct Company;

impl OnboardingStep for Company {
    fn name(&self) -> &str {
        "company"
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.user().profile.contains_key("company") { Need::No } else { Need::Required }
    }

    fn hint(&self, progress: &Progress<'_>) -> ClientHint {
        match progress.kept::<String>() {
            None => ClientHint::new("Your company", "Enter its code.").field(Field::required(
                "code",
                FieldType::Text,
                "Code",
            )),
            Some(company) => ClientHint::new("Your company", "Is it this one?")
                .field(Field::required("right", FieldType::Checkbox, "It is"))
                .extra("company", company),
        }
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        match turn.kept::<String>() {
            None => ask_for(turn),
            Some(company) => confirm(turn, company),
        }
    }
}

fn ask_for(turn: Turn) -> Step<Turned> {
    let code = match turn.answers().required_text("code") {
        Ok(code) => code.to_owned(),
        Err(error) => return turn.fail([error]),
    };
    turn.consult(&CompanyOf { code }, |mut turn, company| match company {
        Some(company) => {
            turn.keep(&company);
            turn.stay()
        }
        None => turn.fail([FieldError::new("code", "unknown", "expected the code of a company")]),
    })
}

fn confirm(mut turn: Turn, company: String) -> Step<Turned> {
    match turn.answers().flag("right") {
        Ok(true) => {
            turn.profile_mut().insert("company".into(), company.into());
            turn.done()
        }
        Ok(false) => {
            turn.forget();
            turn.stay()
        }
        Err(error) => turn.fail([error]),
    }
}

fn answer(asked: &Consult) -> Value {
    let CompanyOf { code } = asked.question().unwrap();
    json!((code == "T-42").then_some("Testudo"))
}

/// Somebody who has come as far as a step of the application's own.
fn at_the_company(world: &mut World) -> Client {
    let onboarding = Onboarding::standard().with_step(Company);
    world.set_onboarding(onboarding.sign_up(["register", "verify_email", "company"]));
    let (client, _) = Client::start(world);
    client.registers(world);
    assert_eq!(at(&client.verifies(world)), Some("company"));
    client
}

#[test]
fn a_step_of_ones_own_asks_the_application_keeps_data_between_phases_and_writes_the_profile() {
    let mut world = World::new();
    world.set_application(answer);
    let client = at_the_company(&mut world);
    let unknown = client.says(&mut world, json!({"code": "X"})).unwrap();
    assert_eq!(codes(&unknown), [("code", "unknown")]);
    let found = client.says(&mut world, json!({"code": "T-42"})).unwrap();
    assert_eq!(
        (at(&found), found.hint().unwrap().extra["company"].as_str()),
        (Some("company"), Some("Testudo"))
    );
    let again = client.says(&mut world, json!({"right": false})).unwrap();
    assert_eq!(again.hint().unwrap().fields[0].name, "code");
    client.says(&mut world, json!({"code": "T-42"})).unwrap();
    let user = client.says(&mut world, json!({"right": true})).unwrap().completed().unwrap().user;
    assert_eq!(user.profile["company"], "Testudo");
    let kept: Vec<_> = world.tables().onboarding().map(|it| it.sealed.clone()).collect();
    let kept = String::from_utf8_lossy(&kept.concat()).into_owned();
    assert!(!kept.contains("Testudo"), "what is kept is encrypted");
}

#[test]
fn an_answer_that_is_none_to_the_question_refuses_the_request_and_keeps_the_step() {
    let mut world = World::new();
    world.set_application(|_| json!(7));
    let client = at_the_company(&mut world);
    let refused = client.says(&mut world, json!({"code": "T-42"})).unwrap_err();
    assert_eq!(refused, Refusal::Unanswered { question: "company_of" });
    world.set_application(answer);
    let found = client.says(&mut world, json!({"code": "T-42"})).unwrap();
    assert_eq!(found.hint().unwrap().fields[0].name, "right");
}

#[test]
fn a_step_of_ones_own_is_asked_for_at_sign_in_where_it_is_needed() {
    let mut world = World::new();
    world.set_application(answer);
    let onboarding = Onboarding::standard().with_step(Company).at_sign_in(["company"]);
    world.set_onboarding(onboarding);
    world.register(ADA, PASSWORD);
    let (client, begun) = owes(&mut world);
    assert_eq!(at(&begun), Some("company"));
    client.says(&mut world, json!({"code": "T-42"})).unwrap();
    client.says(&mut world, json!({"right": true})).unwrap().completed().unwrap();
    assert!(signs_in(&mut world).signed_in().is_ok(), "it is not needed any more");
}

/// Asks for a word that can be guessed.
#[derive(Debug)]
struct Word;

impl OnboardingStep for Word {
    fn name(&self) -> &str {
        "word"
    }

    fn need(&self, _: &Progress<'_>) -> Need {
        Need::Required
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        ClientHint::new("The word", "Say it.").field(Field::required(
            "word",
            FieldType::Text,
            "Word",
        ))
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let window = Duration::from_minutes(10);
        let limit = AttemptLimit { attempts: 3, window, lock: window, hard_stop: None };
        turn.count_attempt(limit, |mut turn| match turn.answers().required_text("word") {
            Ok("mellon") => turn.done(),
            Ok(long) if long.len() > 100 => {
                let long = long.to_owned();
                turn.keep(&long);
                turn.stay()
            }
            Ok(_) => turn.fail([FieldError::new("word", "wrong", "expected another word")]),
            Err(error) => turn.fail([error]),
        })
    }
}

fn at_the_word(world: &mut World) -> Client {
    let onboarding = Onboarding::standard().with_step(Word);
    world.set_onboarding(onboarding.sign_up(["register", "verify_email", "word", "setup_totp"]));
    let (client, _) = Client::start(world);
    client.registers(world);
    assert_eq!(at(&client.verifies(world)), Some("word"));
    client
}

#[test]
fn guesses_at_a_step_of_ones_own_are_counted_however_often_it_begins_again() {
    let mut world = World::new();
    for guess in 0..3 {
        let client = at_the_word(&mut world);
        world.advance(Duration::from_minutes(3));
        let wrong = client.says(&mut world, json!({"word": guess.to_string()})).unwrap();
        assert_eq!(codes(&wrong), [("word", "wrong")]);
    }
    let client = at_the_word(&mut world);
    let refused = client.says(&mut world, json!({"word": "mellon"}));
    assert!(matches!(refused, Err(Refusal::RateLimited { .. })), "{refused:?}");
    world.advance(Duration::from_minutes(10));
    client.says(&mut world, json!({"word": "no"})).unwrap();
    assert_eq!(
        at(&client.says(&mut world, json!({"word": "mellon"})).unwrap()),
        Some("setup_totp")
    );
    let keys = world.tables().attempts().map(|(key, _)| key.as_str().to_owned());
    let own: Vec<_> = keys.filter(|key| key.starts_with("step:")).collect();
    assert!(own.is_empty(), "a step that is done begins anew: {own:?}");
}

#[test]
fn what_a_store_need_not_hold_is_not_kept() {
    let mut world = World::new();
    let client = at_the_word(&mut world);
    let before: Vec<_> = world.tables().onboarding().cloned().collect();
    let refused = client.says(&mut world, json!({"word": "x".repeat(70_000)})).unwrap();
    assert_eq!(codes(&refused), [("data", "too_long")]);
    assert_eq!(world.tables().onboarding().cloned().collect::<Vec<_>>(), before);
    let kept = client.says(&mut world, json!({"word": "x".repeat(1000)})).unwrap();
    assert!(kept.errors().is_empty());
}
