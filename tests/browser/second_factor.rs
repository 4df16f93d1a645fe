//! The code that is asked for after the password.

use crate::browser::Browser;
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;

#[tokio::test]
async fn an_app_is_set_up_from_the_account_and_its_recovery_codes_are_shown_once() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    let (mut app, codes) = browser.set_up_app(&place).await;
    assert_eq!(codes.len(), 10);
    browser.is_at("Your account").await;
    browser.session().back().await.unwrap();
    assert!(!browser.shows(&codes[0]).await, "they are shown once");

    browser.open(&place.url("/account")).await;
    browser.follow("New recovery codes").await;
    browser.press("Make new recovery codes").await;
    let newer = browser.recovery_codes().await;
    assert!(newer.len() == 10 && newer.iter().all(|code| !codes.contains(code)));
    browser.follow("I have kept them").await;
    browser.sign_out().await;

    browser.sign_in(&place, EMAIL, PASSWORD).await;
    browser.answer(&codes[1]).await;
    browser.is_at("Confirm that it is you").await;
    browser.answer(&newer[1]).await;
    browser.is_at("Your account").await;
    browser.sign_out().await;

    browser.sign_in(&place, EMAIL, PASSWORD).await;
    browser.answer(&app.code().await).await;
    browser.is_at("Your account").await;
    browser.press("Remove").await;
    assert!(browser.shows("no longer asked for").await);
    browser.sign_out().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
}

#[tokio::test]
async fn after_five_wrong_codes_not_even_the_right_one_counts_and_the_page_says_for_how_long() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    let (mut app, _) = browser.set_up_app(&place).await;
    browser.sign_out().await;

    browser.sign_in(&place, EMAIL, PASSWORD).await;
    for _ in 0..5 {
        browser.answer(&app.wrong_code()).await;
        browser.is_at("Confirm that it is you").await;
        assert!(browser.shows("This code is not right, or was used before.").await);
    }
    browser.answer(&app.code().await).await;
    browser.is_at("Confirm that it is you").await;
    assert!(browser.shows("Try again in 10 minutes.").await, "{}", browser.text().await);
}

#[tokio::test]
async fn who_must_have_a_second_factor_gets_no_further_without_one() {
    let place = Place::with_policy("second_factor = \"required\"").with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in(&place, EMAIL, PASSWORD).await;
    browser.is_at("Connect your authenticator app").await;
    assert!(!browser.shows("Skip").await, "what is required is not skipped");
    browser.open(&place.url("/account")).await;
    browser.is_at("Connect your authenticator app").await;
    browser.press("Show another key").await;
    let mut app = browser.scan_key().await;
    browser.fill("Code from the app", &app.code().await).await;
    browser.press("Continue").await;
    browser.is_at("Recovery codes").await;
    browser.press("Continue").await;
    browser.is_at("Keep your recovery codes").await;
    browser.tick("I have kept the recovery codes").await;
    browser.press("Continue").await;
    browser.is_at("Your account").await;
}

impl Browser {
    /// Answers what is asked for after the password.
    async fn answer(&self, code: &str) {
        self.fill("Code", code).await;
        self.press("Continue").await;
    }
}
