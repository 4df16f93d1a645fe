//! Signing in.

use testudo::Duration;

use crate::site::{EMAIL, PASSWORD, Site, sign_in};

#[tokio::test]
async fn who_signs_in_comes_to_their_account() {
    let site = Site::with_user().await;
    let mut browser = site.browser();
    assert_eq!(browser.get("/").await.status, 200);
    let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
    assert_eq!(page.location(), "/account");
    let page = browser.follow(page).await;
    assert!(page.body.contains(EMAIL));
    assert_eq!(browser.get("/").await.location(), "/account");
    assert_eq!(browser.get("/signin").await.location(), "/account");
    assert_eq!(browser.get("/signup").await.location(), "/account");
}

#[tokio::test]
async fn a_wrong_password_is_told_as_an_unknown_address_is_and_never_shown_again() {
    let site = Site::with_user().await;
    let mut pages = Vec::new();
    for email in [EMAIL, "nobody@example.com"] {
        let mut browser = site.browser();
        let page = sign_in(&mut browser, email, "wrong \"horse").await;
        assert_eq!(page.status, 422);
        let form = page.form("/signin");
        assert_eq!(form.control("email").get("value"), Some(email));
        assert_eq!(form.control("password").get("value"), Some(""));
        assert!(!page.body.contains("horse"));
        let alert = page.tags().into_iter().find(|tag| tag.get("role") == Some("alert")).unwrap();
        assert!(alert.has("autofocus") && alert.get("tabindex") == Some("-1"));
        let token = form.values()["csrf"].clone();
        pages.push(page.body.replace(email, "X").replace(&token, "T"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn limits_say_how_long_to_wait() {
    let site = Site::with_user().await;
    let mut browser = site.browser();
    let mut page = sign_in(&mut browser, EMAIL, "wrong").await;
    for _ in 0..20 {
        if page.status != 422 {
            break;
        }
        page = sign_in(&mut browser, EMAIL, "wrong").await;
    }
    assert_eq!(page.status, 429);
    assert_eq!(page.header("retry-after"), Some("600"));
    assert!(page.body.contains("Too many attempts. Try again in 10 minutes."), "{}", page.body);
    site.advance(Duration::from_minutes(11));
    assert_eq!(sign_in(&mut browser, EMAIL, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn who_is_sent_to_sign_in_comes_back_and_nobody_is_led_away() {
    let site = Site::with_user().await;
    for (next, expected) in [
        ("/account/close", "/account/close"),
        ("/somewhere?a=b&c=d", "/somewhere?a=b&c=d"),
        ("https://evil.example/", "/account"),
        ("//evil.example", "/account"),
        ("/\\evil.example", "/account"),
        ("javascript:alert(1)", "/account"),
        ("/.//evil.example", "/account"),
        ("", "/account"),
    ] {
        let query =
            url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let mut browser = site.browser();
        let page = browser.get(&format!("/signin?{query}")).await;
        let fill = [("email", EMAIL), ("password", "wrong")];
        let page = browser.submit(&page, "/signin", &fill).await;
        assert_eq!(page.status, 422);
        let fill = [("email", EMAIL), ("password", PASSWORD)];
        let page = browser.submit(&page, "/signin", &fill).await;
        assert_eq!(page.location(), expected, "{next}");
        // The form's own field is no more to be trusted than the address.
        let mut browser = site.browser();
        let fill = [("email", EMAIL), ("password", PASSWORD), ("next", next)];
        assert_eq!(browser.fill("/signin", "/signin", &fill).await.location(), expected, "{next}");
        // Nor is a browser that is signed in already led away.
        assert_eq!(browser.get(&format!("/signin?{query}")).await.location(), expected, "{next}");
    }
}

#[tokio::test]
async fn a_sign_in_ends_the_session_that_the_browser_had() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let mut old = browser.clone();
    let page = browser.get("/signin?again=true&next=/account").await;
    assert!(page.body.contains("Sign in again to go on."));
    assert_eq!(page.form("/signin").control("email").get("value"), Some(EMAIL));
    let fill = [("email", EMAIL), ("password", PASSWORD)];
    assert_eq!(browser.submit(&page, "/signin", &fill).await.location(), "/account");
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(old.get("/account").await.location(), "/signin?next=%2Faccount");
}

#[tokio::test]
async fn a_browser_whose_access_token_is_over_stays_signed_in_also_when_it_sends_a_form() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let page = browser.get("/account").await;
    site.advance(Duration::from_minutes(20));
    browser.jar.remove("__Host-testudo_access");
    let page = browser.submit(&page, "/account/email/verify", &[]).await;
    assert_eq!(page.location(), "/account?notice=verification-sent");
    assert!(browser.jar.contains_key("__Host-testudo_access"));
    // One whose clock is behind still sends the token that is over: it is forgotten, and the next request is refreshed.
    site.advance(Duration::from_minutes(20));
    let page = browser.get("/account").await;
    assert_eq!(browser.follow(page).await.heading(), "Your account");
}

#[tokio::test]
async fn who_owes_a_second_factor_is_asked_for_it_on_the_same_page() {
    let site = Site::with_user().await;
    let (uri, _) = crate::account::enrol(&site).await;
    let mut browser = site.browser();
    let page = browser.get("/signin?next=%2Fsomewhere").await;
    let fill = [("email", EMAIL), ("password", PASSWORD)];
    let page = browser.submit(&page, "/signin", &fill).await;
    assert_eq!(page.location(), "/signin?next=%2Fsomewhere");
    assert!(!browser.jar.keys().any(|name| name.contains("access")), "nobody is let in yet");
    assert_eq!(browser.get("/account").await.status, 303);
    let page = browser.follow(page).await;
    assert_eq!(page.heading(), "Confirm that it is you");
    let code = page.form("/signin").control("code").clone();
    assert_eq!(code.get("autocomplete"), Some("one-time-code"));
    assert!(!code.has("inputmode"), "a recovery code has letters");
    let wrong = browser.submit(&page, "/signin", &[("code", "000000")]).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.errors().len(), 1, "{wrong:?}");
    assert_eq!(wrong.form("/signin").control("code").get("value"), Some(""));
    site.advance(Duration::from_minutes(1));
    let page = browser.submit(&wrong, "/signin", &[("code", &site.code_of_app(&uri))]).await;
    assert_eq!(page.location(), "/somewhere");
    assert_eq!(browser.get("/account").await.status, 200);
    assert!(!browser.jar.keys().any(|name| name.contains("onboarding")), "{:?}", browser.jar);
}

#[tokio::test]
async fn who_does_not_go_on_starts_over() {
    let site = Site::with_user().await;
    crate::account::enrol(&site).await;
    let mut browser = site.browser();
    let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
    browser.follow(page).await;
    let page = browser.get("/signin").await;
    assert_eq!(page.heading(), "Confirm that it is you");
    let token = page.form("/signin").values()["csrf"].clone();
    let page = browser.post("/signin", &[("csrf", &token), ("start_over", "true")]).await;
    assert_eq!(browser.follow(page).await.heading(), "Sign in");
}
