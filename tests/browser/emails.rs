//! The address of an account.

use crate::browser::Browser;
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;

const NEW: &str = "ada.king@example.com";

#[tokio::test]
async fn an_account_moves_to_another_address_by_the_link_that_is_sent_there_and_back_by_the_other()
{
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    browser.unfold("Move to another address").await;
    browser.fill("New e-mail address", NEW).await;
    browser.press("Send a link to the new address").await;
    assert!(browser.shows("on its way to the new address").await);
    assert!(browser.shows(EMAIL).await, "nothing has changed yet");

    let link = place.link(1, "email_change");
    browser.open(&link).await;
    browser.is_at("Move to your new address").await;
    assert_eq!(place.user(EMAIL)["email"], EMAIL, "opening the link changes nothing");
    browser.press("Move the account").await;
    browser.is_at("Sign in").await;
    browser.enter(NEW, PASSWORD).await;
    browser.is_at("Your account").await;
    assert!(browser.shows(NEW).await);

    let undo = place.link(1, "email_changed");
    browser.open(&undo).await;
    browser.press("Take it back").await;
    browser.is_at("Forgot your password?").await;
    assert_eq!(place.user(EMAIL)["email"], EMAIL);
    browser.open(&place.url("/account")).await;
    browser.is_at("Sign in").await;
}

#[tokio::test]
async fn an_address_is_verified_by_the_button_on_the_page_of_the_link() {
    let place = Place::new();
    place.site().create(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    assert!(browser.shows("not verified").await);
    browser.press("Send a link to verify it").await;
    browser.open(&place.link(1, "email_verification")).await;
    assert_eq!(place.user(EMAIL)["is_verified"], false, "opening the link changes nothing");
    browser.press("Verify the address").await;
    browser.is_at("Your account").await;
    assert!(browser.shows("Your e-mail address is verified.").await);
    assert_eq!(place.user(EMAIL)["is_verified"], true);
}

#[tokio::test]
async fn who_signs_up_with_a_taken_address_sees_what_everybody_sees_and_its_owner_gets_a_letter() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.begin_sign_up(&place, "nobody@example.com", PASSWORD).await;
    let fresh = browser.text().await;
    browser.press("Start over").await;
    browser.begin_sign_up(&place, EMAIL, "another password").await;
    assert_eq!(browser.text().await, fresh);
    place.mail().letter(1, "registration_of_taken");
    assert_eq!(place.mail().letters().len(), 2);
    browser.fill("Code from the e-mail", "123456").await;
    browser.press("Continue").await;
    browser.is_at("Verify your e-mail address").await;
    assert!(browser.shows("This code is not right").await);
}
