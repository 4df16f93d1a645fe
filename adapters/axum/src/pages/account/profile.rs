//! What the application keeps about somebody.

use testudo::onboarding::steps::ProfileField;
use testudo::onboarding::{Answers, Field};

use super::overview::{Part, Wrong, page};
use super::refused::trouble;
use crate::pages::browser::{Answer, Browser};
use crate::pages::data::values;
use crate::pages::posted::Posted;

/// The fields that the application declares.
pub(super) fn fields(browser: &Browser) -> Vec<Field> {
    let onboarding = browser.auth().settings().onboarding();
    onboarding.profile_fields().map(ProfileField::field).collect()
}

/// What is left empty goes.
pub(super) async fn submit(Posted { browser, form }: Posted) -> Answer {
    let visit = browser.require("/account")?;
    let answers = Answers::new(values(&fields(&browser), &form));
    match browser.auth().update_profile(visit.token(), answers, &browser.client).await {
        Ok(_) => Ok(browser.go("/account?notice=profile")),
        Err(error) => {
            let trouble = trouble(error, &browser, "/account")?;
            let wrong = Wrong { part: Part::Profile, typed: &form, trouble: &trouble };
            page(&browser, visit, Some(wrong)).await
        }
    }
}
