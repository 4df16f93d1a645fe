//! The ready pages in an application of one's own, with a step of its own, and not a line of HTML for it.
//!
//! ```console
//! cargo run --package testudo-axum --features pages --example pages
//! ```
//!
//! Then open <http://localhost:8080>. Letters are printed here, with their codes and links.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Router, serve};
use testudo::onboarding::steps::{Profile, ProfileField};
use testudo::onboarding::{
    Choice, ClientHint, Field, FieldType, Need, Onboarding, OnboardingStep, Progress, Turn, Turned,
    Validation,
};
use testudo::password::HasherChain;
use testudo::{KeyRing, Policy, Settings, Step};
use testudo_axum::{Cookies, CurrentUser, Testudo, renew, require_auth};
use testudo_driver::{Auth, Courier, Letter, Letters, UndeliveredError};
use testudo_memory::MemoryStore;
use testudo_tokio::{HashingPool, MessageWorker};

const ORIGIN: &str = "http://localhost:8080";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
    let onboarding = Onboarding::standard()
        .with_step(Profile::new([ProfileField::text("name", "Your name")]))
        .with_step(Plan)
        .sign_up(["register", "verify_email", "profile", "plan", "setup_totp", "recovery_codes"]);
    let settings = Settings::new(Policy::default(), keys)
        .map_err(|_| "unfit policy")?
        .with_service_name("Example")
        .with_onboarding(onboarding)?;
    let hashing = HashingPool::new(HasherChain::standard());
    let auth = Arc::new(Auth::new(MemoryStore::new(), hashing, settings).shared());

    let worker = MessageWorker::new(Arc::clone(&auth), Letters::new(ORIGIN), Printer);
    let app = app(&Testudo::from(auth), Cookies::for_origin(ORIGIN)?);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let server = serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::select! {
        served = server => served?,
        () = worker.run() => {}
    }
    Ok(())
}

/// The pages, and beside them what is the application's own.
fn app(testudo: &Testudo, cookies: Cookies) -> Router {
    let pages = testudo.pages(cookies.clone());
    let testudo = testudo.clone().with_cookies(cookies);
    let own = Router::new()
        .route("/hello", get(hello))
        .route_layer(require_auth(&testudo).or_redirect("/signin"))
        .layer(from_fn_with_state(testudo.clone(), renew))
        .with_state(testudo);
    own.merge(pages)
}

async fn hello(CurrentUser(user): CurrentUser) -> String {
    let text = |name| user.profile.get(name).and_then(|value| value.as_str()).unwrap_or("nothing");
    format!("Hello, {}. Your plan is {}.", text("name"), text("plan"))
}

/// Asks which plan somebody takes.
#[derive(Debug)]
struct Plan;

const PLANS: [(&str, &str); 3] = [("free", "Free"), ("team", "Team"), ("club", "Club")];

impl OnboardingStep for Plan {
    fn name(&self) -> &str {
        "plan"
    }

    fn need(&self, progress: &Progress<'_>) -> Need {
        if progress.is_sign_up() { Need::Required } else { Need::No }
    }

    fn hint(&self, _: &Progress<'_>) -> ClientHint {
        let choice =
            |(value, label): (&str, &str)| Choice { value: value.into(), label: label.into() };
        let choices = PLANS.into_iter().map(choice).collect();
        let field = Field::required("plan", FieldType::Choice, "Plan")
            .validation(Validation { choices, ..Validation::default() });
        ClientHint::new("Choose a plan", "You can take another one at any time.").field(field)
    }

    fn advance(&self, mut turn: Turn) -> Step<Turned> {
        let plan = turn.answers().required_text("plan").map(str::to_owned);
        match plan {
            Ok(plan) if PLANS.iter().any(|(known, _)| *known == plan) => {
                turn.profile_mut().insert("plan".to_owned(), plan.into());
                turn.done()
            }
            Ok(_) => turn.fail([testudo::FieldError::new("plan", "unknown", "expected a plan")]),
            Err(error) => turn.fail([error]),
        }
    }
}

/// In place of a mail server.
struct Printer;

impl Courier for Printer {
    #[allow(clippy::print_stdout, reason = "it is what it is for")]
    async fn deliver(&self, letter: &Letter) -> Result<(), UndeliveredError> {
        println!("To: {}\nSubject: {}\n\n{}", letter.to, letter.subject, letter.text.expose());
        Ok(())
    }
}
