//! `/`

use minijinja::context;

use super::browser::{Answer, Browser};

/// Who is signed in goes to their account; who is not chooses.
pub(super) async fn show(browser: Browser) -> Answer {
    if browser.visit().is_some() {
        return Ok(browser.go("/account"));
    }
    let is_open = browser.auth().settings().onboarding().is_open();
    browser.show("home.html", "Welcome", context! { is_open })
}
