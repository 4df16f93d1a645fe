//! Pages that letters link to.

use testudo::Client;
use testudo::flow::{Invite, Login};
use testudo::message::MessageKind;

use crate::site::{EMAIL, PASSWORD, Site, sign_in};

const OTHER: &str = "another horse battery";

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link() {
    let site = Site::with_user().await;
    let mut pages = Vec::new();
    for email in ["nobody@example.com", "no address", EMAIL] {
        let mut browser = site.browser();
        let page = browser.fill("/forgot", "/forgot", &[("email", email)]).await;
        assert_eq!(page.status, 200);
        pages.push(page.body);
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "whether there is an account");
    let link = site.link().await;
    assert!(link.starts_with("/reset?token="), "{link}");
    let mut browser = site.browser();
    let page = browser.get(&link).await;
    let field = page.form("/reset").control("new_password").clone();
    assert_eq!(field.get("autocomplete"), Some("new-password"));
    let short = browser.submit(&page, "/reset", &[("new_password", "short")]).await;
    assert_eq!(short.status, 422);
    assert_eq!(short.errors().keys().collect::<Vec<_>>(), ["new_password"]);
    let page = browser.submit(&short, "/reset", &[("new_password", OTHER)]).await;
    assert_eq!(page.location(), "/signin?notice=reset");
    assert!(browser.follow(page).await.body.contains("Your new password is set."));
    let spent = browser.fill(&link, "/reset", &[("new_password", OTHER)]).await;
    assert_eq!(spent.status, 422);
    assert!(spent.body.contains("This link does not work any more."));
    assert_eq!(sign_in(&mut browser, EMAIL, PASSWORD).await.status, 422);
    assert_eq!(sign_in(&mut browser, EMAIL, OTHER).await.status, 303);
}

#[tokio::test]
async fn asking_too_often_for_a_link_is_told_with_the_wait() {
    let site = Site::with_user().await;
    let mut browser = site.browser();
    let mut last = None;
    for _ in 0..6 {
        last = Some(browser.fill("/forgot", "/forgot", &[("email", EMAIL)]).await);
    }
    let page = last.unwrap();
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").is_some() && page.body.contains("Try again in"));
    assert_eq!(page.form("/forgot").control("email").get("value"), Some(EMAIL));
}

#[tokio::test]
async fn an_account_moves_and_is_taken_back() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let page =
        browser.fill("/account", "/account/email", &[("new_email", "moved@example.com")]).await;
    assert_eq!(page.location(), "/account?notice=email-change-sent");
    let link = site.link().await;
    assert!(link.starts_with("/email-change?token="), "{link}");
    let page = browser.fill(&link, "/email-change", &[]).await;
    assert_eq!(page.location(), "/signin?notice=moved");
    let letters = site.letters().await;
    let told = letters.iter().find(|letter| letter.kind == MessageKind::EmailChanged).unwrap();
    let undo = told
        .link
        .as_ref()
        .unwrap()
        .expose()
        .strip_prefix(crate::browser::ORIGIN)
        .unwrap()
        .to_owned();
    assert!(undo.starts_with("/email-undo?token="), "{undo}");
    let page = browser.fill(&undo, "/email-undo", &[]).await;
    assert_eq!(page.location(), "/forgot?notice=restored");
    assert!(browser.follow(page).await.body.contains("its password works no longer"));
}

#[tokio::test]
async fn a_closed_account_is_opened_again() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let page = browser.fill("/account/close", "/account/close", &[]).await;
    assert_eq!(page.location(), "/signin?notice=closed");
    assert_eq!(sign_in(&mut browser, EMAIL, PASSWORD).await.status, 422);
    let link = site.link().await;
    assert!(link.starts_with("/reopen?token="), "{link}");
    let page = browser.fill(&link, "/reopen", &[]).await;
    assert_eq!(page.location(), "/signin?notice=reopened");
    assert_eq!(sign_in(&mut browser, EMAIL, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn who_is_invited_gets_an_account() {
    let site = Site::with_user().await;
    let mut owner = site.signed_in().await;
    owner.fill("/account", "/account/email/verify", &[]).await;
    let link = site.link().await;
    owner.fill(&link, "/verify", &[]).await;
    let auth = site.testudo.auth();
    let here = Client::unknown();
    let signed_in =
        auth.login(Login::new(EMAIL, PASSWORD.into()), &here).await.unwrap().signed_in().unwrap();
    let request = Invite::bound("eve@example.com");
    auth.invite(signed_in.tokens.access.expose(), request, &here).await.unwrap();
    let link = site.link().await;
    assert!(link.starts_with("/invitation?token="), "{link}");
    let mut guest = site.browser();
    let page = guest.fill(&link, "/invitation", &[("password", "short")]).await;
    assert_eq!(page.errors().keys().collect::<Vec<_>>(), ["password"]);
    let page = guest.submit(&page, "/invitation", &[("password", OTHER)]).await;
    assert_eq!(page.location(), "/signin?notice=invited");
    assert_eq!(sign_in(&mut guest, "eve@example.com", OTHER).await.status, 303);
}

#[tokio::test]
async fn mail_is_unsubscribed_from_by_a_button() {
    let site = Site::with_user().await;
    let auth = site.testudo.auth();
    let here = Client::unknown();
    let signed_in =
        auth.login(Login::new(EMAIL, PASSWORD.into()), &here).await.unwrap().signed_in().unwrap();
    let token = auth.unsubscribe_token(signed_in.user.id, "news").unwrap();
    let mut browser = site.browser();
    let page =
        browser.fill(&format!("/unsubscribe?token={}", token.expose()), "/unsubscribe", &[]).await;
    assert_eq!(page.location(), "/signin?notice=unsubscribed");
}

#[tokio::test]
async fn a_link_without_its_token_says_so() {
    let site = Site::new();
    let mut browser = site.browser();
    for path in [
        "/reset",
        "/verify",
        "/email-change",
        "/email-undo",
        "/invitation",
        "/reopen",
        "/unsubscribe",
    ] {
        for query in ["", "?token=", "?other=x"] {
            let page = browser.get(&format!("{path}{query}")).await;
            assert_eq!(page.heading(), "Something is missing", "{path}{query}");
            assert!(!page.body.contains("<form"), "{path}{query}");
        }
    }
}
