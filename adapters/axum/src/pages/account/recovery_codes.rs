//! Recovery codes.

use minijinja::{Value, context};
use testudo::Secret;

use super::overview::{Part, Wrong, page};
use super::refused::trouble;
use crate::pages::browser::{Answer, Browser};
use crate::pages::posted::Posted;

const PATH: &str = "/account/recovery-codes";

/// Says what they are for, and makes none. It is where who signed in once more comes back to.
pub(super) async fn show(browser: Browser) -> Answer {
    let visit = browser.require(PATH)?;
    if visit.user.totp.is_none() {
        return Ok(browser.go("/account/authenticator"));
    }
    let left = visit.user.recovery_codes.len();
    browser.show("recovery_codes.html", "Recovery codes", context! { left, codes => () })
}

/// Makes new ones, and shows them, this once.
pub(super) async fn replace(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require(PATH)?;
    match browser.auth().replace_recovery_codes(visit.token(), &browser.client).await {
        Ok(codes) => reveal(&browser, &codes),
        Err(error) => {
            let trouble = trouble(error, &browser, PATH)?;
            let wrong = Wrong { part: Part::Security, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}

/// Shows codes to whom they belong.
pub(super) fn reveal(browser: &Browser, codes: &[Secret<String>]) -> Answer {
    let codes: Vec<_> = codes.iter().map(|code| Value::from(code.expose().as_str())).collect();
    browser.show("recovery_codes.html", "Keep your recovery codes", context! { left => 0, codes })
}
