//! From nothing to an account, and in again.

use crate::browser::{Browser, Scripts};
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;

#[tokio::test]
async fn a_person_signs_up_enrols_an_app_and_comes_in_again_with_a_code_and_with_a_recovery_code() {
    whole_story(&Browser::start().await, &Place::new()).await;
}

#[tokio::test]
async fn the_same_story_goes_well_on_a_phone_in_the_dark() {
    let browser = Browser::start().await;
    browser.as_phone().await;
    browser.in_the_dark().await;
    whole_story(&browser, &Place::new()).await;
}

#[tokio::test]
async fn the_same_story_goes_well_without_javascript() {
    let browser = Browser::start_with(Scripts::Blocked).await;
    browser.as_phone().await;
    let page =
        "data:text/html,<p>None<script>document.querySelector('p').textContent = 'Some'</script>";
    browser.session().goto(page).await.unwrap();
    assert_eq!(browser.text().await, "None", "scripts are blocked");
    whole_story(&browser, &Place::new()).await;
}

async fn whole_story(browser: &Browser, place: &Place) {
    browser.sign_up_to_the_offer(place, EMAIL, PASSWORD).await;

    browser.press("Continue").await;
    browser.is_at("Connect your authenticator app").await;
    let mut app = browser.scan_key().await;
    browser.fill("Code from the app", &app.code().await).await;
    browser.press("Continue").await;

    browser.is_at("Recovery codes").await;
    browser.press("Continue").await;
    browser.is_at("Keep your recovery codes").await;
    let codes = browser.recovery_codes().await;
    assert_eq!(codes.len(), 10);
    browser.reload_by_address().await;
    let again = browser.text().await;
    assert!(codes.iter().all(|code| !again.contains(code)), "they are shown once");
    browser.tick("I have kept the recovery codes").await;
    browser.press("Continue").await;

    browser.is_at("Your account").await;
    assert_eq!(browser.path().await, "/account");
    let shown = browser.text().await;
    assert!(shown.contains(EMAIL) && shown.contains("verified"), "{shown}");
    assert!(shown.contains("Recovery codes left: 10."), "{shown}");
    browser.sign_out().await;
    browser.open(&place.url("/account")).await;
    browser.is_at("Sign in").await;

    browser.enter(EMAIL, PASSWORD).await;
    browser.is_at("Confirm that it is you").await;
    browser.fill("Code", &app.code().await).await;
    browser.press("Continue").await;
    browser.is_at("Your account").await;
    browser.sign_out().await;

    browser.sign_in(place, EMAIL, PASSWORD).await;
    browser.is_at("Confirm that it is you").await;
    browser.fill("Code", &codes[0]).await;
    browser.press("Continue").await;
    browser.is_at("Your account").await;
    assert!(browser.shows("Recovery codes left: 9.").await);
    browser.sign_out().await;

    browser.sign_in(place, EMAIL, PASSWORD).await;
    browser.fill("Code", &codes[0]).await;
    browser.press("Continue").await;
    browser.is_at("Confirm that it is you").await;
    assert!(browser.shows("was used before").await);
}
