//! `/signup`

use minijinja::context;
use testudo::onboarding::{Field, FieldType, StartOnboarding};

use super::browser::{Answer, Browser};
use super::fields::Form;
use super::onboarding::{self, Way};
use super::posted::{Posted, Typed};
use super::trouble::Trouble;

/// The address, or the step that somebody has come to.
pub(super) async fn show(browser: Browser) -> Answer {
    if browser.visit().is_some() {
        return Ok(browser.go("/account"));
    }
    match onboarding::resume(&browser, Way::SignUp).await? {
        Some(response) => Ok(response),
        None => start(&browser, browser.next().as_deref(), None),
    }
}

pub(super) async fn submit(posted: Posted) -> Answer {
    let Posted { browser, form } = &posted;
    if form.has("start_over") {
        return onboarding::start_over(browser, Way::SignUp, form.next().as_deref());
    }
    match Way::SignUp.token(browser) {
        Some(token) if form.has("step") => onboarding::go_on(&posted, Way::SignUp, &token).await,
        _ if form.has("step") => Ok(browser.go("/signup?notice=expired")),
        _ => begin(browser, form).await,
    }
}

async fn begin(browser: &Browser, form: &Typed) -> Answer {
    let request = StartOnboarding {
        remember: form.has("remember"),
        ..StartOnboarding::new(form.text("email").trim())
    };
    match browser.auth().start_onboarding(request, &browser.client).await {
        Ok(result) => onboarding::arrive(browser, Way::SignUp, result, form).await,
        Err(error) => {
            let trouble = Trouble::of(error, browser)?;
            start(browser, form.next().as_deref(), Some((form, &trouble)))
        }
    }
}

fn start(browser: &Browser, next: Option<&str>, again: Option<(&Typed, &Trouble)>) -> Answer {
    let fields = [
        Field::required("email", FieldType::Email, "E-mail address").placeholder("you@example.com"),
        Field::required("remember", FieldType::Checkbox, "Keep me signed in on this device")
            .optional(),
    ];
    let form = Form::new("start", &fields);
    let (form, status) = match again {
        Some((typed, trouble)) => (form.again(typed, trouble), trouble.status),
        None => (form, axum::http::StatusCode::OK),
    };
    let is_open = browser.auth().settings().onboarding().is_open();
    let context = context! {
        is_open, next, form => form.view(),
        notice => browser.query("notice").and_then(super::notice::words),
    };
    let response = browser.show_as(status, "sign_up.html", "Create your account", context)?;
    Ok(match again {
        Some((_, trouble)) => trouble.tell(response),
        None => response,
    })
}
