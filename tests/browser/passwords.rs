//! Forgetting a password, changing it, and having to.

use crate::browser::{Browser, Role};
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;

const NEW: &str = "staple battery horse";

#[tokio::test]
async fn a_forgotten_password_is_reset_by_mail_which_ends_all_sessions_and_opening_the_link_spends_nothing()
 {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let (browser, elsewhere) = (Browser::start().await, Browser::start().await);
    elsewhere.sign_in_wholly(&place, EMAIL, PASSWORD).await;

    browser.open(&place.url("/signin")).await;
    browser.follow("Forgot your password?").await;
    browser.fill("E-mail address", EMAIL).await;
    browser.press("Send the link").await;
    browser.is_at("Look into your mail").await;
    let link = place.link(1, "password_reset");
    for _ in 0..2 {
        browser.open(&link).await;
        browser.is_at("Choose a new password").await;
    }
    browser.fill("New password", NEW).await;
    browser.press("Set the new password").await;
    browser.is_at("Sign in").await;
    assert!(browser.shows("Your new password is set.").await);

    elsewhere.open(&place.url("/account")).await;
    elsewhere.is_at("Sign in").await;
    browser.enter(EMAIL, PASSWORD).await;
    assert!(browser.shows("The e-mail address or the password is wrong.").await);
    browser.enter(EMAIL, NEW).await;
    browser.is_at("Your account").await;

    browser.open(&link).await;
    browser.fill("New password", PASSWORD).await;
    browser.press("Set the new password").await;
    assert!(browser.shows("This link does not work any more.").await);
}

#[tokio::test]
async fn who_is_unknown_gets_the_same_answer_and_no_mail() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    let mut answers = Vec::new();
    for email in ["nobody@example.com", EMAIL] {
        browser.open(&place.url("/forgot")).await;
        browser.fill("E-mail address", email).await;
        browser.press("Send the link").await;
        answers.push(browser.text().await);
    }
    assert_eq!(answers[0], answers[1]);
    let letters = place.mail().wait_for(1, "password_reset");
    assert_eq!((letters.len(), letters[0]["to"].as_str()), (1, Some(EMAIL)));
}

#[tokio::test]
async fn who_must_change_the_password_does_so_before_anything_else() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let arguments = ["user", "set-password", EMAIL, "--password-stdin", "--must-change"];
    let set = place.site().run(&arguments, PASSWORD);
    assert!(set.status.success(), "{set:?}");
    let browser = Browser::start().await;
    browser.sign_in(&place, EMAIL, PASSWORD).await;
    browser.is_at("Choose a new password").await;
    browser.open(&place.url("/account")).await;
    browser.is_at("Choose a new password").await;
    browser.fill("New password", PASSWORD).await;
    browser.press("Continue").await;
    browser.is_at("Choose a new password").await;
    browser.fill("New password", NEW).await;
    browser.press("Continue").await;
    browser.is_at("Your account").await;
    browser.sign_out().await;
    browser.sign_in_wholly(&place, EMAIL, NEW).await;
}

#[tokio::test]
async fn a_password_is_changed_from_the_account_and_what_is_wrong_stands_by_its_field() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    browser.unfold("Change your password").await;
    browser.fill("Current password", "not the password").await;
    browser.fill("New password", NEW).await;
    browser.press("Change the password").await;
    let current = browser.the(Role::Field, "Current password").await;
    assert!(browser.has_focus(&current).await, "{}", browser.text().await);
    browser.fill("Current password", PASSWORD).await;
    browser.fill("New password", "password").await;
    browser.press("Change the password").await;
    let new = browser.the(Role::Field, "New password").await;
    assert!(browser.has_focus(&new).await, "{}", browser.text().await);
    browser.fill("Current password", PASSWORD).await;
    browser.fill("New password", NEW).await;
    browser.press("Change the password").await;
    assert!(browser.shows("Your password is changed.").await);
    browser.sign_out().await;
    browser.sign_in_wholly(&place, EMAIL, NEW).await;
}
