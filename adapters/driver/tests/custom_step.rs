//! A step of the application's own asks the application, and somebody answers, or not.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testudo::command::{Consult, Question};
use testudo::onboarding::{
    Advance, ClientHint, Field, FieldType, Need, Onboarding, OnboardingResult, OnboardingStep,
    Progress, StartOnboarding, Turn, Turned,
};
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, FieldError, KeyRing, Policy, Refusal, Secret, Settings, Step};
use testudo_driver::{Answers, Application, Auth, AuthError, Fault, FaultKind, InlineHashing};
use testudo_memory::MemoryStore;

/// Which company has this code.
#[derive(Serialize, Deserialize)]
struct CompanyOf {
    code: String,
}

impl Question for CompanyOf {
    type Answer = Option<String>;
    const NAME: &'static str = "company_of";
}

/// Another question of the same name.
#[derive(Serialize, Deserialize)]
struct Impostor {
    number: u32,
}

impl Question for Impostor {
    type Answer = u32;
    const NAME: &'static str = "company_of";
}

#[derive(Debug)]
struct Company;

impl OnboardingStep for Company {
    fn name(&self) -> &str {
        "company"
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.user().profile.contains_key("company") { Need::No } else { Need::Required }
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        let code = Field::required("company_code", FieldType::Text, "Code");
        ClientHint::new("Your company", "Enter its code.").field(code)
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let code = match turn.answers().required_text("company_code") {
            Ok(code) => code.to_owned(),
            Err(error) => return turn.fail([error]),
        };
        turn.consult(&CompanyOf { code }, |mut turn, company| match company {
            Some(company) => {
                turn.profile_mut().insert("company".into(), company.into());
                turn.done()
            }
            None => turn.fail([FieldError::new("company_code", "unknown_company", "expected one")]),
        })
    }
}

struct World {
    auth: Auth<MemoryStore, InlineHashing>,
    token: Secret<String>,
}

impl World {
    fn with(application: impl Application + 'static) -> Self {
        Self::begin(auth().with_application(application))
    }

    fn begin(auth: Auth<MemoryStore, InlineHashing>) -> Self {
        let start = StartOnboarding::new("ada@example.com");
        let started = smol::block_on(auth.start_onboarding(start, &Client::unknown())).unwrap();
        assert_eq!(started.current_step(), Some("company"));
        Self { auth, token: started.session_token }
    }

    fn say(&self, data: Value) -> Result<OnboardingResult, AuthError> {
        let Value::Object(data) = data else { panic!("{data} is no object") };
        let (advance, here) = (Advance::with(data), Client::unknown());
        smol::block_on(self.auth.advance_onboarding(self.token.expose(), advance, &here))
    }

    fn fault(&self) -> Fault {
        match self.say(json!({"company_code": CODE})) {
            Err(AuthError::Fault(fault)) => fault,
            other => panic!("{other:?}"),
        }
    }

    /// Nothing came of it: the step is where it was, and the answer can be given later.
    fn assert_nothing_happened(&self) {
        let here = Client::unknown();
        let resumed = self.auth.resume_onboarding(self.token.expose(), &here);
        let resumed = smol::block_on(resumed).unwrap();
        assert_eq!(resumed.current_step(), Some("company"));
        assert!(resumed.completed_steps.is_empty());
    }
}

/// Must be told to nobody.
const CODE: &str = "T-42-canary";

fn auth() -> Auth<MemoryStore, InlineHashing> {
    let keys = KeyRing::parse("only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y").unwrap();
    let order = ["company", "register", "verify_email"];
    let settings = Settings::new(Policy::default(), keys)
        .unwrap()
        .with_onboarding(Onboarding::standard().with_step(Company).sign_up(order))
        .unwrap();
    let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
    Auth::new(MemoryStore::new(), hashing, settings)
}

/// Answers, and counts how often it was asked.
fn directory(asked: &Arc<AtomicU32>) -> Answers {
    let asked = Arc::clone(asked);
    Answers::new().answer(move |question: CompanyOf| {
        asked.fetch_add(1, Ordering::SeqCst);
        async move { Ok((question.code == CODE).then(|| "Testudo Ltd".to_owned())) }
    })
}

#[test]
fn a_step_asks_the_application_and_goes_on_with_the_answer() {
    let asked = Arc::default();
    let world = World::with(directory(&asked));
    let failed = world.say(json!({"company_code": "X-1"})).unwrap();
    assert_eq!(failed.errors()[0].code, "unknown_company");
    assert_eq!(failed.current_step(), Some("company"));
    let done = world.say(json!({"company_code": CODE})).unwrap();
    assert_eq!(done.current_step(), Some("register"));
    assert_eq!(done.completed_steps, ["company"]);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[test]
fn a_step_that_finds_an_error_by_itself_asks_nobody() {
    let asked = Arc::default();
    let world = World::with(directory(&asked));
    let failed = world.say(json!({})).unwrap();
    assert_eq!(failed.errors()[0].code, "required");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn an_answerer_that_fails_is_a_fault_of_its_kind_and_nothing_happened() {
    let world = World::with(Answers::new().answer(async |_: CompanyOf| {
        Err(Fault::new(FaultKind::Unavailable, "the directory does not answer"))
    }));
    let fault = world.fault();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert!(fault.to_string().contains("the directory does not answer"), "{fault}");
    world.assert_nothing_happened();
}

#[test]
fn an_answer_of_another_type_refuses_the_request() {
    struct Wrong;

    impl Application for Wrong {
        async fn consult(&self, _: Consult) -> Result<Value, Fault> {
            Ok(json!({"company": "Testudo Ltd"}))
        }
    }

    let world = World::with(Wrong);
    let refused = world.say(json!({"company_code": CODE})).unwrap_err();
    let AuthError::Refused(refusal) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal, Refusal::Unanswered { question: "company_of" });
    assert!(!format!("{refusal} {refusal:?}").contains(CODE));
    world.assert_nothing_happened();
}

#[test]
fn a_question_that_is_not_of_the_answerers_type_is_a_fault_that_quotes_nothing() {
    let world = World::with(Answers::new().answer(async |question: Impostor| Ok(question.number)));
    let fault = world.fault();
    assert_eq!(fault.kind(), FaultKind::Internal);
    assert!(fault.to_string().contains("company_of"), "{fault}");
    assert!(!format!("{fault} {fault:?}").contains(CODE), "{fault:?}");
    world.assert_nothing_happened();
}

#[test]
fn a_question_that_nothing_answers_is_a_fault_that_names_it() {
    let world = World::with(Answers::new());
    let fault = world.fault();
    assert_eq!(fault.kind(), FaultKind::Internal);
    assert!(fault.to_string().contains("`company_of`, which nothing answers"), "{fault}");
    world.assert_nothing_happened();
}

#[test]
fn without_an_application_to_be_asked_is_a_fault_that_says_so() {
    let world = World::begin(auth());
    let fault = world.fault();
    assert_eq!(fault.kind(), FaultKind::Internal);
    assert!(fault.to_string().contains("there is no Application"), "{fault}");
    world.assert_nothing_happened();
}

#[test]
fn the_second_answer_to_a_question_takes_the_place_of_the_first() {
    let asked = Arc::default();
    let answers = directory(&asked).answer(async |_: CompanyOf| Ok(Some("Nautilus plc".into())));
    assert_eq!(format!("{answers:?}"), r#"Answers(["company_of"])"#);
    let world = World::with(answers);
    assert_eq!(world.say(json!({"company_code": "?"})).unwrap().completed_steps, ["company"]);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

/// Also behind the pointers with which a server holds it.
#[test]
fn an_application_is_asked_behind_shared_pointers_too() {
    let asked = Arc::default();
    let auth = auth().with_application(directory(&asked)).shared();
    let here = Client::unknown();
    smol::block_on(async {
        let start = StartOnboarding::new("ada@example.com");
        let token = auth.start_onboarding(start, &here).await.unwrap().session_token;
        let Value::Object(data) = json!({"company_code": CODE}) else { panic!() };
        let done = auth.advance_onboarding(token.expose(), Advance::with(data), &here).await;
        assert_eq!(done.unwrap().current_step(), Some("register"));
    });
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}
