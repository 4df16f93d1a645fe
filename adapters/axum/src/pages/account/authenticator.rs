//! The authenticator app.

use axum::http::StatusCode;
use minijinja::{Value, context};
use testudo::Refusal;
use testudo::onboarding::{Field, FieldType, Validation};
use testudo_driver::AuthError;

use super::overview::{Part, Wrong, page};
use super::refused::trouble;
use crate::pages::browser::{Answer, Browser};
use crate::pages::fields::Form;
use crate::pages::posted::{Posted, Typed};
use crate::pages::step::seed_view;
use crate::pages::trouble::Trouble;

/// Says what an app is for, and begins nothing. It is where who signed in once more comes back to.
pub(super) async fn show(browser: Browser) -> Answer {
    let visit = browser.require("/account/authenticator")?;
    let is_there = visit.user.totp.is_some();
    shown(&browser, StatusCode::OK, context! { is_there, seed => (), form => () })
}

/// Makes a key and shows it, this once.
pub(super) async fn begin(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account/authenticator")?;
    match browser.auth().begin_totp(visit.token(), &browser.client).await {
        Ok(seed) => {
            let fields = fields();
            let form = Form::new("code", &fields).view();
            let is_there = visit.user.totp.is_some();
            shown(&browser, StatusCode::OK, context! { is_there, seed => seed_view(&seed), form })
        }
        Err(error) => {
            let trouble = trouble(error, &browser, "/account/authenticator")?;
            let wrong = Wrong { part: Part::Security, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}

/// Takes a code of the app, and shows the recovery codes, this once.
pub(super) async fn confirm(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account/authenticator")?;
    let code = form.text("code").trim();
    match browser.auth().confirm_totp(visit.token(), code, &browser.client).await {
        Ok(codes) => super::recovery_codes::reveal(&browser, &codes),
        // Who clicks twice sees nothing of the first answer, in which the recovery codes were: there are others to be
        // had. Or too much time has passed, and they begin again.
        Err(AuthError::Refused(Refusal::NotFound)) => Ok(browser.go("/account/recovery-codes")),
        Err(error) => {
            let trouble = trouble(error, &browser, "/account/authenticator")?;
            once_more(&browser, visit.user.totp.is_some(), &form, &trouble)
        }
    }
}

/// The key was shown and is not shown again; it is in the app.
fn once_more(browser: &Browser, is_there: bool, typed: &Typed, trouble: &Trouble) -> Answer {
    let fields = fields();
    let form = Form::new("code", &fields).again(typed, trouble).view();
    let response = shown(browser, trouble.status, context! { is_there, seed => (), form })?;
    Ok(trouble.tell(response))
}

pub(super) async fn remove(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account")?;
    match browser.auth().remove_totp(visit.token(), &browser.client).await {
        // It is gone, whoever removed it.
        Ok(()) | Err(AuthError::Refused(Refusal::NotFound)) => {
            Ok(browser.go("/account?notice=totp-removed"))
        }
        Err(error) => {
            let trouble = trouble(error, &browser, "/account")?;
            let wrong = Wrong { part: Part::Security, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}

fn fields() -> [Field; 1] {
    let rules = Validation {
        length: Some(6),
        pattern: Some("[0-9]{6}".to_owned()),
        ..Validation::default()
    };
    let code = Field::required("code", FieldType::Code, "Code from the app");
    [code.placeholder("123456").validation(rules)]
}

fn shown(browser: &Browser, status: StatusCode, context: Value) -> Answer {
    browser.show_as(status, "authenticator.html", "Authenticator app", context)
}
