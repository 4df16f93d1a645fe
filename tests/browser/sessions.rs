//! Several browsers of one person.

use crate::browser::Browser;
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;

#[tokio::test]
async fn of_two_browsers_one_ends_the_other_and_goes_on_itself() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let (one, other) = (Browser::start().await, Browser::start().await);
    one.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    other.sign_in_wholly(&place, EMAIL, PASSWORD).await;

    one.open(&place.url("/account")).await;
    one.press("End all others").await;
    one.is_at("Your account").await;
    assert!(one.shows("All other sessions have ended.").await);
    other.open(&place.url("/account")).await;
    other.is_at("Sign in").await;
    one.open(&place.url("/account")).await;
    one.is_at("Your account").await;
    assert!(!one.shows("End all others").await, "there are no others");
}

#[tokio::test]
async fn one_session_is_ended_from_the_list() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let (one, other) = (Browser::start().await, Browser::start().await);
    other.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    one.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    let sessions = one.all("section[aria-labelledby=sessions] li").await;
    assert_eq!(sessions.len(), 2);
    for session in sessions {
        if !session.text().await.unwrap().contains("this one") {
            let end = session.find(thirtyfour::By::Tag("button")).await.unwrap();
            one.leave(async || end.click().await).await;
            break;
        }
    }
    assert!(one.shows("The session has ended.").await);
    other.open(&place.url("/account")).await;
    other.is_at("Sign in").await;
    one.open(&place.url("/account")).await;
    one.is_at("Your account").await;
}

#[tokio::test]
async fn a_sensitive_change_by_an_old_session_asks_to_sign_in_again_and_then_goes_on() {
    let mut place = Place::with_policy("fresh_sign_in = 0").with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    browser.follow("Set up an app").await;
    browser.press("Show a key").await;
    browser.is_at("Sign in").await;
    assert!(browser.shows("Sign in again to go on.").await);

    place.serve("");
    browser.fill("Password", PASSWORD).await;
    browser.press("Sign in").await;
    browser.is_at("Authenticator app").await;
    browser.press("Show a key").await;
    browser.scan_key().await;
    browser.open(&place.url("/account")).await;
    let sessions = browser.all("section[aria-labelledby=sessions] li").await;
    assert_eq!(sessions.len(), 1, "the session from before has ended");
}
