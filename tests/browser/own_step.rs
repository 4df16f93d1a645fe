//! An application with steps of its own, for which it wrote no page.

use std::net::TcpListener;
use std::thread;

use axum::Router;
use serde::{Deserialize, Serialize};
use testudo::command::Question;
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{
    ClientHint, Field, FieldType, Need, Onboarding, OnboardingStep, Progress, Turn, Turned,
};
use testudo::password::HasherChain;
use testudo::{FieldError, KeyRing, Policy, Settings, Step};
use testudo_axum::{Cookies, Testudo};
use testudo_driver::{Answers, Auth, Fault};
use testudo_memory::MemoryStore;
use testudo_tokio::HashingPool;

use crate::browser::{Browser, Role};
use crate::journeys::{EMAIL, PASSWORD};
use crate::support::block_on;

#[tokio::test]
async fn an_applications_own_step_is_shown_with_no_page_written_for_it() {
    let site = serve();
    let browser = Browser::start().await;
    browser.open(&format!("{site}/signup")).await;
    browser.fill("E-mail address", EMAIL).await;
    browser.press("Continue").await;
    browser.fill("Password", PASSWORD).await;
    browser.fill("Password, once more", PASSWORD).await;
    browser.press("Continue").await;

    browser.is_at("Your company").await;
    browser.fill("Code of your company", "T-41").await;
    browser.press("Continue").await;
    browser.is_at("Your company").await;
    let field = browser.the(Role::Field, "Code of your company").await;
    assert_eq!(browser.description_of(&field).await, "No company has this code.");
    assert!(browser.has_focus(&field).await, "the focus is where something is wrong");
    assert_eq!(field.value().await.unwrap().as_deref(), Some("T-41"), "what was typed is kept");
    browser.fill("Code of your company", "T-42").await;
    browser.press("Continue").await;

    browser.is_at("Your profile").await;
    browser.fill("Your name", "Ada Lovelace").await;
    browser.fill("Years of practice (optional)", "12").await;
    // The tenth of October, wherever the browser is at home.
    browser.choose("Born on (optional)", "10101815").await;
    browser.tick("By letter").await;
    browser.choose("Country", "Italy").await;
    browser.tick("Send me news").await;
    browser.press("Continue").await;

    browser.is_at("Your account").await;
    let kept = browser.the(Role::Field, "Your name").await;
    assert_eq!(kept.value().await.unwrap().as_deref(), Some("Ada Lovelace"));
    let born = browser.the(Role::Field, "Born on (optional)").await;
    assert_eq!(born.value().await.unwrap().as_deref(), Some("1815-10-10"));
    browser.fill("Your name", "Ada King").await;
    browser.press("Save").await;
    let kept = browser.the(Role::Field, "Your name").await;
    assert_eq!(kept.value().await.unwrap().as_deref(), Some("Ada King"));
}

/// Asks which company somebody belongs to.
#[derive(Debug)]
struct Company;

/// Which company has this code.
#[derive(Serialize, Deserialize)]
struct CompanyOf {
    code: String,
}

impl Question for CompanyOf {
    type Answer = Option<String>;
    const NAME: &'static str = "company_of";
}

impl OnboardingStep for Company {
    fn name(&self) -> &'static str {
        "company"
    }

    fn need(&self, _: &Progress<'_>) -> Need {
        Need::Required
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        let field = Field::required("code", FieldType::Text, "Code of your company");
        ClientHint::new("Your company", "It is on your badge.").field(field.placeholder("T-12"))
    }

    fn advance(&self, turn: Turn) -> Step<Turned> {
        let code = match turn.answers().required_text("code") {
            Ok(code) => code.to_owned(),
            Err(error) => return turn.fail([error]),
        };
        turn.consult(&CompanyOf { code }, |mut turn, company| match company {
            Some(company) => {
                turn.profile_mut().insert("company".into(), company.into());
                turn.done()
            }
            None => turn.fail([FieldError::new("code", "unknown", "no company has this code")]),
        })
    }
}

fn profile() -> Profile {
    let countries = ["France", "Germany", "Italy", "Poland", "Spain", "Sweden"];
    Profile::new([
        ProfileField::text("name", "Your name"),
        ProfileField::number("practice", "Years of practice").range(0, 80).optional(),
        ProfileField::date("born", "Born on").optional(),
        ProfileField::choice(
            "contact",
            "How to reach you",
            ["By mail", "By letter"].map(|way| (way, way)),
        ),
        ProfileField::choice("country", "Country", countries.map(|country| (country, country))),
        ProfileField::checkbox("news", "Send me news").optional(),
    ])
}

/// Serves the application until the test ends; gives its address.
fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = application(&url);
    thread::spawn(move || {
        block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
    });
    url
}

fn application(url: &str) -> Router {
    let keys = KeyRing::parse("a-secret-for-the-tests-of-the-pages-4f9Q2x").unwrap();
    // Without mail, a taken address is no secret.
    let policy = Policy { tell_taken_addresses: true, ..Policy::default() };
    let onboarding = Onboarding::standard()
        .with_step(Company)
        .with_step(profile())
        .sign_up(["register", "company", "profile"]);
    let settings = Settings::new(policy, keys).unwrap().with_onboarding(onboarding).unwrap();
    let answers = Answers::new().answer(async |asked: CompanyOf| -> Result<_, Fault> {
        Ok((asked.code == "T-42").then(|| "Testudo".to_owned()))
    });
    let hashing = HashingPool::new(HasherChain::standard());
    let auth = Auth::new(MemoryStore::new(), hashing, settings).with_application(answers);
    Testudo::new(auth).pages(Cookies::for_origin(url).unwrap())
}
