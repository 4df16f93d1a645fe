//! A person without a mouse.

use thirtyfour::error::WebDriverResult;
use thirtyfour::{Key, TypingData};

use crate::browser::Browser;
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;

#[tokio::test]
async fn everything_from_signing_up_to_signing_in_with_a_code_is_done_by_keyboard_alone() {
    let place = Place::new();
    let browser = Browser::start().await;
    browser.open(&place.url("/")).await;
    browser.tab_to("Skip to the content").await;
    browser.tab_to("Create an account").await;
    browser.enter_key().await;
    browser.tab_to("E-mail address").await;
    browser.keys(EMAIL).await.unwrap();
    browser.enter_key().await;
    browser.is_at("Create your account").await;
    browser.tab_to("Password").await;
    browser.keys(PASSWORD).await.unwrap();
    browser.tab_to("Password, once more").await;
    browser.keys(PASSWORD).await.unwrap();
    browser.enter_key().await;
    browser.is_at("Verify your e-mail address").await;
    browser.tab_to("Code from the e-mail").await;
    browser.keys(place.code(1)).await.unwrap();
    browser.enter_key().await;

    browser.is_at("Protect your account").await;
    browser.tab_to("Continue").await;
    browser.enter_key().await;
    let mut app = browser.scan_key().await;
    browser.tab_to("Code from the app").await;
    // Enter presses the first button, which is not the one that skips.
    browser.keys(app.wrong_code()).await.unwrap();
    browser.enter_key().await;
    browser.is_at("Connect your authenticator app").await;
    // The focus is where something is wrong: there is nothing to look for.
    browser.keys(app.code().await).await.unwrap();
    browser.enter_key().await;
    browser.is_at("Recovery codes").await;
    browser.tab_to("Continue").await;
    browser.enter_key().await;
    browser.tab_to("I have kept the recovery codes").await;
    browser.keys(" ").await.unwrap();
    browser.enter_key().await;

    browser.is_at("Your account").await;
    browser.tab_to("Change your password").await;
    browser.keys(" ").await.unwrap();
    browser.tab_to("Current password").await;
    browser.open(&place.url("/account")).await;
    browser.tab_to("Sign out").await;
    browser.enter_key().await;
    browser.is_at("Sign in").await;
    browser.tab_to("E-mail address").await;
    browser.keys(EMAIL).await.unwrap();
    browser.tab_to("Password").await;
    browser.keys(PASSWORD).await.unwrap();
    browser.enter_key().await;
    browser.is_at("Confirm that it is you").await;
    browser.tab_to("Code").await;
    browser.keys(app.code().await).await.unwrap();
    browser.enter_key().await;
    browser.is_at("Your account").await;
}

impl Browser {
    /// Presses Tab until the focus is on what has this name. Wherever it comes by, it is to be seen.
    async fn tab_to(&self, name: &str) {
        let mut passed = Vec::new();
        while passed.len() < 40 {
            self.keys(Key::Tab).await.unwrap();
            let focus = self.session().active_element().await.unwrap();
            let reached = self.name_of(&focus).await;
            let outline = focus.css_value("outline-style").await.unwrap();
            assert_ne!(outline, "none", "nobody sees that the focus is on {reached:?}");
            if reached == name {
                return;
            }
            passed.push(reached);
        }
        panic!("{name:?} is not among {passed:?}");
    }

    /// Presses Enter, and waits for what it leads to.
    async fn enter_key(&self) {
        self.leave(async || self.keys(Key::Enter).await).await;
    }

    /// Keys, to wherever the focus is.
    async fn keys(&self, keys: impl Into<TypingData>) -> WebDriverResult<()> {
        self.session().action_chain().send_keys(keys).perform().await
    }
}
