//! The e-mail address: to show that it is one's own, and to move to another.

use super::overview::{Part, Wrong, page};
use super::refused::trouble;
use crate::pages::browser::Answer;
use crate::pages::posted::Posted;

/// Has the link that verifies the address sent.
pub(super) async fn verify(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account")?;
    match browser.auth().request_email_verification(visit.token(), &browser.client).await {
        Ok(()) => Ok(browser.go("/account?notice=verification-sent")),
        Err(error) => {
            let trouble = trouble(error, &browser, "/account")?;
            let wrong = Wrong { part: Part::Email, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}

/// Has the link that moves the account sent to the new address.
pub(super) async fn change(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account")?;
    let (token, new_email) = (visit.token(), form.text("new_email").trim());
    match browser.auth().request_email_change(token, new_email, &browser.client).await {
        Ok(()) => Ok(browser.go("/account?notice=email-change-sent")),
        Err(error) => {
            let trouble = trouble(error, &browser, "/account")?;
            let wrong = Wrong { part: Part::Email, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}
