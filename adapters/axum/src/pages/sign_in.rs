//! `/signin`

use axum::http::StatusCode;
use minijinja::context;
use testudo::flow::Login;
use testudo::model::JsonObject;
use testudo::onboarding::{Field, FieldType, SignIn};
use testudo::password::Password;

use super::browser::{Answer, Browser};
use super::fields::Form;
use super::onboarding::{self, Way};
use super::posted::{Posted, Typed};
use super::trouble::Trouble;

/// Address and password, or what somebody still owes. Who is signed in comes here to sign in once more, or else goes on.
pub(super) async fn show(browser: Browser) -> Answer {
    let is_again = browser.query("again").is_some();
    if browser.visit().is_some() && !is_again && Way::SignIn.token(&browser).is_none() {
        return Ok(match browser.next() {
            Some(next) => browser.go_to(&next),
            None => browser.go("/account"),
        });
    }
    match onboarding::resume(&browser, Way::SignIn).await? {
        Some(response) => Ok(response),
        None => credentials(&browser, browser.next().as_deref(), None),
    }
}

pub(super) async fn submit(posted: Posted) -> Answer {
    let Posted { browser, form } = &posted;
    if form.has("start_over") {
        return onboarding::start_over(browser, Way::SignIn, form.next().as_deref());
    }
    match Way::SignIn.token(browser) {
        Some(token) if form.has("step") => onboarding::go_on(&posted, Way::SignIn, &token).await,
        _ if form.has("step") => Ok(browser.go("/signin?notice=expired")),
        _ => sign_in(browser, form).await,
    }
}

async fn sign_in(browser: &Browser, form: &Typed) -> Answer {
    let request = Login {
        email: form.text("email").trim().to_owned(),
        password: Password::from(form.text("password")),
        remember: form.has("remember"),
        claims: JsonObject::new(),
    };
    match browser.auth().login(request, &browser.client).await {
        Ok(SignIn::Completed(done)) => {
            onboarding::enter(browser, Way::SignIn, *done, form.next().as_deref()).await
        }
        Ok(SignIn::Owing(result)) => onboarding::arrive(browser, Way::SignIn, *result, form).await,
        Err(error) => {
            let trouble = Trouble::of(error, browser)?;
            credentials(browser, form.next().as_deref(), Some((form, &trouble)))
        }
    }
}

fn credentials(browser: &Browser, next: Option<&str>, again: Option<(&Typed, &Trouble)>) -> Answer {
    let fields = [
        Field::required("email", FieldType::Email, "E-mail address"),
        Field::required("password", FieldType::Password, "Password"),
        Field::required("remember", FieldType::Checkbox, "Keep me signed in on this device")
            .optional(),
    ];
    let mut known = JsonObject::new();
    if let Some(visit) = browser.visit() {
        known.insert("email".to_owned(), visit.user.email.as_str().into());
    }
    let form = Form::new("sign-in", &fields).knowing(&known).asking_current_password();
    let (form, status) = match again {
        Some((typed, trouble)) => (form.again(typed, trouble), trouble.status),
        None => (form, StatusCode::OK),
    };
    let context = context! {
        next,
        form => form.view(),
        is_open => browser.auth().settings().onboarding().is_open(),
        is_again => browser.visit().is_some(),
        notice => browser.query("notice").and_then(super::notice::words),
    };
    let response = browser.show_as(status, "sign_in.html", "Sign in", context)?;
    Ok(match again {
        Some((_, trouble)) => trouble.tell(response),
        None => response,
    })
}
