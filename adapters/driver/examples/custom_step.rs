//! A step of one's own in onboarding: it asks for the code of a company, and the application which company has it.
//!
//! Three parts: a question with the type of its answer, a step that asks it, and a function that answers. The step
//! is as pure as the library's own: it says what it wants to know, and a database is the function's affair. No
//! client was changed for it, since clients show whatever hint they are given: the dialogue below is one such
//! client.
//!
//! ```console
//! cargo run -p testudo-driver --example custom_step
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testudo::command::Question;
use testudo::model::JsonObject;
use testudo::onboarding::{
    Advance, ClientHint, Field, FieldType, Need, Onboarding, OnboardingResult, OnboardingState,
    OnboardingStep, Progress, StartOnboarding, Turn, Turned,
};
use testudo::password::HasherChain;
use testudo::{Client, FieldError, KeyRing, Policy, Secret, Settings, Step};
use testudo_driver::{Answers, Auth, Fault, InlineHashing, Store as _};
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

/// Somebody who registers says by a code for which company.
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
        let code = Field::required("company_code", FieldType::Text, "Code").placeholder("T-00");
        ClientHint::new("Your company", "Enter the code that your company gave you.").field(code)
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let code = match turn.answers().required_text("company_code") {
            Ok(code) => code.trim().to_owned(),
            Err(error) => return turn.fail([error]),
        };
        turn.consult(&CompanyOf { code }, |mut turn, company| match company {
            Some(company) => {
                turn.profile_mut().insert("company".into(), company.into());
                turn.done()
            }
            None => {
                let unknown = "no company has this code";
                turn.fail([FieldError::new("company_code", "unknown_company", unknown)])
            }
        })
    }
}

/// What answers: here a table, elsewhere a database. It may be asked the same thing twice, and changes nothing.
fn answers() -> Answers {
    let companies = Arc::new(BTreeMap::from([("T-42", "Testudo Ltd"), ("N-07", "Nautilus plc")]));
    Answers::new().answer(move |question: CompanyOf| {
        let companies = Arc::clone(&companies);
        async move {
            let company = companies.get(question.code.as_str());
            Ok::<_, Fault>(company.map(|&name| name.to_owned()))
        }
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::parse("an-example-only-3f9Qk2xVb7Lw8Zr5Tn1Y")?;
    let onboarding =
        Onboarding::standard().with_step(Company).sign_up(["company", "register", "verify_email"]);
    let settings = Settings::new(Policy::default(), keys).map_err(|_| "unfit policy")?;
    let hashing = InlineHashing::new(HasherChain::standard());
    let auth = Auth::new(MemoryStore::new(), hashing, settings.with_onboarding(onboarding)?)
        .with_application(answers());
    smol::block_on(Dialogue { auth, here: Client::unknown() }.run())
}

/// A client that shows what it is told to, and somebody before it who types.
struct Dialogue {
    auth: Auth<MemoryStore, InlineHashing>,
    here: Client,
}

impl Dialogue {
    async fn run(&self) -> Result<(), Box<dyn Error>> {
        let email = "ada@example.com";
        let started = self.auth.start_onboarding(StartOnboarding::new(email), &self.here).await?;
        show(&started);
        let token = &started.session_token;
        self.say(token, json!({"company_code": "T-41"})).await?;
        self.say(token, json!({"company_code": "T-42"})).await?;
        let phrase = "correct horse battery";
        let chosen = json!({"email": email, "password": phrase, "password_confirm": phrase});
        self.say(token, chosen).await?;
        self.say(token, json!({})).await?;
        let code = self.mailed_code().await?;
        let signed_in = self.say(token, json!({ "code": code.expose() })).await?.completed();
        let user = signed_in.ok_or("something is left to do")?.user;
        let company = user.profile.get("company").and_then(Value::as_str);
        let company = company.ok_or("the step was left out")?;
        print(&format!("{} is signed in, of {company}", user.email));
        Ok(())
    }

    async fn say(
        &self,
        token: &Secret<String>,
        data: Value,
    ) -> Result<OnboardingResult, Box<dyn Error>> {
        let data: JsonObject = serde_json::from_value(data)?;
        let names: Vec<_> = data.keys().map(String::as_str).collect();
        print(&format!("  > {}", if names.is_empty() { "go on".into() } else { names.join(", ") }));
        let advance = Advance::with(data);
        let result = self.auth.advance_onboarding(token.expose(), advance, &self.here).await?;
        show(&result);
        Ok(result)
    }

    /// What a courier would have carried to the mailbox.
    async fn mailed_code(&self) -> Result<Secret<String>, Box<dyn Error>> {
        let (now, keys) = (self.auth.now(), self.auth.settings().keys());
        let taken = self.auth.store().take_messages(now, now, 9).await?;
        let mut codes = taken.iter().filter_map(|taken| taken.message.open(keys).ok()?.code);
        Ok(codes.next_back().ok_or("no code was sent")?)
    }
}

fn show(result: &OnboardingResult) {
    match &result.state {
        OnboardingState::InProgress { hint } => {
            print(&format!("{}: {}", hint.title, hint.description));
            for field in &hint.fields {
                print(&format!("  [{}]", field.label));
            }
        }
        OnboardingState::Error { errors, .. } => {
            for error in errors {
                print(&format!("  ! {}: {}", error.field, error.message));
            }
        }
        OnboardingState::Completed(_) => print("All done"),
    }
}

#[allow(clippy::print_stdout, reason = "an example shows what it does")]
fn print(line: &str) {
    println!("{line}");
}
