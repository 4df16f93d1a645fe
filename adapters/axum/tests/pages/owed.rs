//! What a sign-in owes, paid on its page.

use testudo::Policy;
use testudo::onboarding::Onboarding;
use testudo::onboarding::steps::AcceptTerms;

use crate::browser::{Browser, Page};
use crate::site::{EMAIL, PASSWORD, Site, sign_in};

async fn owing(policy: Policy, onboarding: Onboarding) -> (Site, Browser, Page) {
    let site = Site::with(policy, onboarding);
    site.register(EMAIL).await;
    let mut browser = site.browser();
    let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
    assert_eq!(page.location(), "/signin");
    let page = browser.follow(page).await;
    assert_eq!(browser.get("/account").await.status, 303, "nobody is let in yet");
    (site, browser, page)
}

#[tokio::test]
async fn an_address_that_must_be_verified_gets_its_code_at_once() {
    let policy = Policy { require_verified_email: true, ..Policy::default() };
    let (site, mut browser, page) = owing(policy, Onboarding::standard()).await;
    assert_eq!(page.heading(), "Verify your e-mail address");
    let code = site.last_letter().await.code.unwrap();
    let page = browser.submit(&page, "/signin", &[("code", code.expose())]).await;
    assert_eq!(page.location(), "/account");
    assert!(!browser.follow(page).await.body.contains("not verified"));
}

#[tokio::test]
async fn terms_are_accepted_by_a_box_and_lead_to_where_they_can_be_read() {
    let policy = Policy { terms: Some("2026-11".to_owned()), ..Policy::default() };
    let terms = AcceptTerms::at("https://example.com/terms");
    let (_, mut browser, page) = owing(policy, Onboarding::standard().with_step(terms)).await;
    let tags = page.tags();
    let link = tags.iter().find(|tag| tag.get("href") == Some("https://example.com/terms"));
    assert_eq!(link.unwrap().get("rel"), Some("noopener noreferrer"));
    let page = browser.submit(&page, "/signin", &[]).await;
    assert_eq!(page.errors().keys().collect::<Vec<_>>(), ["accept"]);
    let page = browser.submit(&page, "/signin", &[("accept", "true")]).await;
    assert_eq!(page.location(), "/account");
}

#[tokio::test]
async fn a_password_that_must_be_changed_is() {
    let site = Site::with_user().await;
    site.require_password_change(EMAIL).await;
    let mut browser = site.browser();
    let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
    let page = browser.follow(page).await;
    assert_eq!(page.heading(), "Choose a new password");
    let new = "another horse battery";
    let page = browser.submit(&page, "/signin", &[("new_password", new)]).await;
    assert_eq!(page.location(), "/account");
    assert_eq!(sign_in(&mut site.browser(), EMAIL, PASSWORD).await.status, 422);
    assert_eq!(sign_in(&mut site.browser(), EMAIL, new).await.location(), "/account");
}

#[tokio::test]
async fn a_step_is_for_the_browser_that_signed_in_and_for_no_other() {
    let policy = Policy { require_verified_email: true, ..Policy::default() };
    let (site, _, page) = owing(policy, Onboarding::standard()).await;
    let mut stranger = site.browser();
    assert_eq!(stranger.submit(&page, "/signin", &[]).await.status, 403);
    let token = stranger.get("/signin").await.form("/signin").values()["csrf"].clone();
    let fields = [("csrf", token.as_str()), ("step", "verify_email"), ("code", "123456")];
    assert_eq!(stranger.post("/signin", &fields).await.location(), "/signin?notice=expired");
}
