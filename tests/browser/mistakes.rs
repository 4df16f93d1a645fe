//! What people do that nobody meant them to do.

use thirtyfour::error::WebDriverResult;

use crate::browser::{Browser, Role};
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;

#[tokio::test]
async fn who_clicks_every_button_twice_gets_where_everybody_gets() {
    let place = Place::new();
    let browser = Browser::start().await;
    browser.open(&place.url("/signup")).await;
    browser.fill("E-mail address", EMAIL).await;
    browser.press_twice("Continue").await;
    browser.is_at("Create your account").await;
    browser.fill("Password", PASSWORD).await;
    browser.fill("Password, once more", PASSWORD).await;
    browser.press_twice("Continue").await;
    browser.is_at("Verify your e-mail address").await;
    let letters = place.mail().wait_for(1, "verification_code");
    browser.fill("Code from the e-mail", &place.code(letters.len())).await;
    browser.press_twice("Continue").await;
    browser.is_at("Protect your account").await;
    browser.press_twice("Skip").await;
    // A browser that had sent the first click when the second came throws its answer away, and the session with it. The
    // second one is told that all is done.
    if browser.shows("All is done. Sign in.").await {
        browser.enter(EMAIL, PASSWORD).await;
    }
    browser.is_at("Your account").await;
    assert_eq!(place.mail().wait_for(1, "verification_code").len(), 1, "one letter");
    browser.press_twice("Sign out").await;
    browser.open(&place.url("/signin")).await;
    browser.fill("E-mail address", EMAIL).await;
    browser.fill("Password", PASSWORD).await;
    browser.press_twice("Sign in").await;
    browser.is_at("Your account").await;
    browser.open(&place.url("/account")).await;
    browser.is_at("Your account").await;
}

#[tokio::test]
async fn who_clicks_twice_and_never_sees_the_recovery_codes_can_make_others() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    browser.follow("Set up an app").await;
    browser.press_twice("Show a key").await;
    let mut app = browser.scan_key().await;
    browser.fill("Code from the app", &app.code().await).await;
    browser.press_twice("Confirm").await;
    if browser.recovery_codes().await.is_empty() {
        browser.is_at("Recovery codes").await;
        browser.press_twice("Make new recovery codes").await;
    }
    let codes = browser.recovery_codes().await;
    browser.sign_out().await;
    browser.sign_in(&place, EMAIL, PASSWORD).await;
    browser.fill("Code", &codes[0]).await;
    browser.press("Continue").await;
    browser.is_at("Your account").await;
}

#[tokio::test]
async fn going_back_after_signing_up_does_not_lead_into_the_form_again() {
    let place = Place::new();
    let browser = Browser::start().await;
    browser.sign_up_to_the_offer(&place, EMAIL, PASSWORD).await;
    browser.press("Skip").await;
    browser.is_at("Your account").await;
    browser.back().await;
    browser.is_at("Your account").await;
}

#[tokio::test]
async fn going_back_after_signing_out_shows_nothing_of_the_account() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    browser.sign_out().await;
    browser.back().await;
    browser.is_at("Sign in").await;
    assert!(!browser.shows(EMAIL).await);
}

#[tokio::test]
async fn a_form_that_was_open_too_long_in_another_tab_does_no_harm() {
    let place = Place::new();
    let browser = Browser::start().await;
    browser.begin_sign_up(&place, EMAIL, PASSWORD).await;
    let first = browser.session().window().await.unwrap();
    browser.session().new_tab().await.unwrap();
    let tabs = browser.session().windows().await.unwrap();
    let second = tabs.into_iter().find(|tab| *tab != first).unwrap();
    browser.session().switch_to_window(second).await.unwrap();
    browser.open(&place.url("/signup")).await;
    browser.fill("Code from the e-mail", &place.code(1)).await;
    browser.press("Continue").await;
    browser.press("Skip").await;
    browser.is_at("Your account").await;
    browser.session().switch_to_window(first).await.unwrap();
    browser.fill("Code from the e-mail", &place.code(1)).await;
    browser.press("Continue").await;
    browser.open(&place.url("/account")).await;
    browser.is_at("Your account").await;
}

#[tokio::test]
async fn every_field_that_is_wrong_says_so_and_the_first_has_the_focus() {
    let place = Place::new();
    let browser = Browser::start().await;
    browser.open(&place.url("/signup")).await;
    browser.fill("E-mail address", EMAIL).await;
    browser.press("Continue").await;
    browser.fill("Password", "password1234").await;
    browser.fill("Password, once more", "something else").await;
    browser.press("Continue").await;
    let wrong = browser.all("[aria-invalid=true]").await;
    assert!(!wrong.is_empty(), "{}", browser.text().await);
    // The law of all pages has looked where the focus is.
    for field in wrong {
        assert_ne!(browser.description_of(&field).await, "");
        assert_eq!(
            field.value().await.unwrap().as_deref(),
            Some(""),
            "passwords are not sent back"
        );
    }
    let email = browser.the(Role::Field, "E-mail address").await;
    assert_eq!(email.value().await.unwrap().as_deref(), Some(EMAIL), "what was typed is kept");
}

#[tokio::test]
async fn the_browser_itself_says_what_is_missing_before_anything_is_sent() {
    let place = Place::new();
    let browser = Browser::start().await;
    browser.open(&place.url("/signin")).await;
    let button = browser.the(Role::Button, "Sign in").await;
    button.click().await.unwrap();
    let email = browser.the(Role::Field, "E-mail address").await;
    assert!(browser.has_focus(&email).await);
    browser.is_at("Sign in").await;
    assert!(browser.all("[aria-invalid=true]").await.is_empty(), "the server was not asked");
}

impl Browser {
    async fn press_twice(&self, button: &str) {
        let button = self.the(Role::Button, button).await;
        let twice = async || -> WebDriverResult<()> {
            self.session().action_chain().double_click_element(&button).perform().await
        };
        self.leave(twice).await;
    }
}
