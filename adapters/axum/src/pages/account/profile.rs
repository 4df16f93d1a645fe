//! What the application keeps about somebody.

use testudo::onboarding::Field;

use crate::pages::browser::{Answer, Browser};
use crate::pages::posted::Posted;

/// The fields that the application declares.
pub(super) fn fields(_browser: &Browser) -> Vec<Field> {
    Vec::new()
}

pub(super) async fn submit(Posted { browser, .. }: Posted) -> Answer {
    browser.require("/account")?;
    Ok(browser.go("/account?notice=profile"))
}
