//! Another password.

use testudo::flow::ChangePassword;
use testudo::password::Password;

use super::overview::{Part, Wrong, page};
use super::refused::trouble;
use crate::pages::browser::Answer;
use crate::pages::posted::Posted;

pub(super) async fn submit(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account")?;
    let request = ChangePassword {
        current: Password::from(form.text("current_password")),
        new: Password::from(form.text("new_password")),
    };
    match browser.auth().change_password(visit.token(), request, &browser.client).await {
        Ok(()) => Ok(browser.go("/account?notice=password")),
        Err(error) => {
            let trouble = trouble(error, &browser, "/account")?;
            let wrong = Wrong { part: Part::Password, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}
