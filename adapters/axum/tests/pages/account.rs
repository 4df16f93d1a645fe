//! What somebody does with their account.

use testudo::Duration;
use testudo::onboarding::Onboarding;
use testudo::onboarding::steps::{Profile, ProfileField};

use crate::html::Tag;
use crate::site::{EMAIL, PASSWORD, Site, sign_in};

/// Binds the account to an app, and gives its key and the recovery codes.
pub(crate) async fn enrol(site: &Site) -> (String, Vec<String>) {
    let mut browser = site.signed_in().await;
    browser.fill("/account", "/account/email/verify", &[]).await;
    let link = site.link().await;
    browser.fill(&link, "/verify", &[]).await;
    let page = browser.fill("/account/authenticator", "/account/authenticator", &[]).await;
    assert_eq!(page.status, 200);
    let tags = page.tags();
    let uri = tags.iter().filter_map(|tag| tag.get("href")).find(|to| to.starts_with("otpauth:"));
    let uri = uri.unwrap().to_owned();
    let action = "/account/authenticator/confirm";
    let wrong = browser.submit(&page, action, &[("code", "000000")]).await;
    assert_eq!((wrong.status, wrong.errors().len()), (422, 1));
    assert!(!wrong.body.contains("otpauth"), "the key is shown once");
    let page = browser.submit(&wrong, action, &[("code", &site.code_of_app(&uri))]).await;
    assert_eq!(page.heading(), "Keep your recovery codes");
    let codes: Vec<_> = page.tags().into_iter().filter(|tag| tag.name == "code").collect();
    assert_eq!(codes.len(), 10);
    (uri, codes.into_iter().map(|tag| tag.text).collect())
}

#[tokio::test]
async fn nobody_sees_an_account_without_signing_in() {
    let site = Site::with_user().await;
    for path in site.paths().into_iter().filter(|path| path.starts_with("/account")) {
        let mut browser = site.browser();
        let page = browser.get(&path).await;
        let page = if page.status == 303 && page.location() == "/account" {
            browser.get("/account").await
        } else {
            page
        };
        assert!(page.location().starts_with("/signin?next=%2Faccount"), "{path}: {page:?}");
    }
}

#[tokio::test]
async fn an_app_is_set_up_and_asked_for_and_a_recovery_code_counts_once() {
    let site = Site::with_user().await;
    let (_, codes) = enrol(&site).await;
    let mut browser = site.browser();
    for (attempt, expected) in [(0, 303), (1, 422)] {
        let mut browser = site.browser();
        let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
        let page = browser.follow(page).await;
        let page = browser.submit(&page, "/signin", &[("code", &codes[0])]).await;
        assert_eq!(page.status, expected, "{attempt}");
    }
    let page = sign_in(&mut browser, EMAIL, PASSWORD).await;
    let page = browser.follow(page).await;
    let page = browser.submit(&page, "/signin", &[("code", &codes[1])]).await;
    let page = browser.follow(page).await;
    assert!(page.body.contains("Recovery codes left: 8."), "{}", page.body);
    let page = browser.fill("/account/recovery-codes", "/account/recovery-codes", &[]).await;
    assert_eq!(page.heading(), "Keep your recovery codes");
    let page = browser.fill("/account", "/account/authenticator/remove", &[]).await;
    assert_eq!(page.location(), "/account?notice=totp-removed");
    assert!(browser.follow(page).await.body.contains("Not set up."));
}

#[tokio::test]
async fn whose_sign_in_is_too_long_ago_signs_in_again_and_comes_back() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    site.advance(Duration::from_minutes(14));
    let page = browser.fill("/account/close", "/account/close", &[]).await;
    assert_eq!(page.location(), "/signin?next=%2Faccount%2Fclose&again=true");
    let page = browser.follow(page).await;
    assert!(page.body.contains("Sign in again to go on."));
    let fill = [("email", EMAIL), ("password", PASSWORD)];
    let page = browser.submit(&page, "/signin", &fill).await;
    assert_eq!(page.location(), "/account/close");
    let page = browser.fill("/account/close", "/account/close", &[]).await;
    assert_eq!(page.location(), "/signin?notice=closed");
}

#[tokio::test]
async fn sessions_are_listed_and_end_one_by_one_or_all_at_once() {
    let site = Site::with_user().await;
    let mut one = site.signed_in().await;
    site.advance(Duration::from_minutes(1));
    let mut two = site.signed_in().await;
    site.advance(Duration::from_minutes(1));
    let mut three = site.signed_in().await;
    let page = three.get("/account").await;
    let forms: Vec<_> = crate::html::forms(&page.body)
        .into_iter()
        .filter(|form| form.action == "/account/sessions/end")
        .collect();
    assert_eq!(forms.len(), 3);
    assert_eq!(page.body.matches("this one").count(), 1);
    let oldest = &forms[2].values();
    let fields = [("csrf", oldest["csrf"].as_str()), ("session", oldest["session"].as_str())];
    assert_eq!(
        three.post("/account/sessions/end", &fields).await.location(),
        "/account?notice=session-ended"
    );
    assert_eq!(one.get("/account").await.status, 303);
    assert_eq!(two.get("/account").await.status, 200);
    let page = three.submit(&page, "/account/sessions/end-others", &[]).await;
    assert_eq!(page.location(), "/account?notice=others-ended");
    assert_eq!(two.get("/account").await.status, 303);
    let page = three.follow(page).await;
    assert_eq!(page.heading(), "Your account", "this one goes on");
    assert!(!page.body.contains("end-others"), "there are no others");
}

#[tokio::test]
async fn a_session_of_somebody_else_is_not_ended() {
    let site = Site::with_user().await;
    site.register("eve@example.com").await;
    let mut ada = site.signed_in().await;
    let theirs =
        ada.get("/account").await.form("/account/sessions/end").values()["session"].clone();
    let mut eve = site.browser();
    sign_in(&mut eve, "eve@example.com", PASSWORD).await;
    let page = eve.get("/account").await;
    let page = eve.submit(&page, "/account/sessions/end", &[("session", &theirs)]).await;
    assert_eq!(page.status, 303);
    assert_eq!(ada.get("/account").await.status, 200);
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it() {
    let site = Site::with_user().await;
    let mut other = site.signed_in().await;
    let mut browser = site.signed_in().await;
    let fill = [("current_password", "wrong"), ("new_password", "another horse battery")];
    let page = browser.fill("/account", "/account/password", &fill).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.errors().keys().collect::<Vec<_>>(), ["current_password"]);
    let open = page.tags().into_iter().filter(|tag| tag.name == "details" && tag.has("open"));
    assert_eq!(open.count(), 1, "what is wrong is not hidden");
    let fill = [("current_password", PASSWORD), ("new_password", "another horse battery")];
    let page = browser.submit(&page, "/account/password", &fill).await;
    assert_eq!(page.location(), "/account?notice=password");
    assert_eq!(browser.get("/account").await.status, 200);
    assert_eq!(other.get("/account").await.status, 303);
}

#[tokio::test]
async fn a_profile_is_changed_by_its_declared_fields_and_by_no_others() {
    let fields = [
        ProfileField::text("name", "Your name").length(1, 40),
        ProfileField::number("age", "Age").range(0, 150).optional(),
    ];
    let onboarding = Onboarding::standard().with_step(Profile::new(fields));
    let site = Site::with(testudo::Policy::default(), onboarding);
    site.register(EMAIL).await;
    let mut browser = site.browser();
    sign_in(&mut browser, EMAIL, PASSWORD).await;
    let page = browser.get("/account").await;
    let hostile = "Ada \"><script>alert(1)</script> & 'co'";
    let fill = [("name", hostile), ("age", "36"), ("role", "admin")];
    let page = browser.submit(&page, "/account/profile", &fill).await;
    assert_eq!(page.location(), "/account?notice=profile");
    let page = browser.follow(page).await;
    let form = page.form("/account/profile");
    assert_eq!(form.control("name").get("value"), Some(hostile));
    assert_eq!(form.control("age").get("value"), Some("36"));
    let scripts: Vec<Tag> = page.tags().into_iter().filter(|tag| tag.name == "script").collect();
    assert!(scripts.is_empty(), "{scripts:?}");
    let wrong =
        browser.submit(&page, "/account/profile", &[("age", "a hundred"), ("name", "")]).await;
    assert_eq!(wrong.status, 422);
    assert_eq!(wrong.errors().keys().collect::<Vec<_>>(), ["age", "name"]);
    assert_eq!(wrong.form("/account/profile").control("age").get("value"), Some("a hundred"));
    let gone = browser.submit(&page, "/account/profile", &[("age", "")]).await;
    assert_eq!(gone.status, 303);
    let page = browser.follow(gone).await;
    assert_eq!(page.form("/account/profile").control("age").get("value"), Some(""));
    assert!(!page.body.contains("admin"));
}
