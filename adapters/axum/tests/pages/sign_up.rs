//! Registering, step by step.

use testudo::Duration;
use testudo::message::MessageKind;

use crate::browser::{Browser, Page};
use crate::site::{EMAIL, PASSWORD, Site};

const NEW: &str = "eve@example.com";

async fn register(browser: &mut Browser, email: &str) -> Page {
    let page = browser.fill("/signup", "/signup", &[("email", email)]).await;
    let page = browser.follow(page).await;
    assert_eq!(page.heading(), "Create your account");
    assert_eq!(page.form("/signup").control("email").get("value"), Some(email));
    let fill = [("password", PASSWORD), ("password_confirm", PASSWORD)];
    let page = browser.submit(&page, "/signup", &fill).await;
    browser.follow(page).await
}

#[tokio::test]
async fn somebody_registers_with_forms_alone() {
    let site = Site::new();
    let mut browser = site.browser();
    // The code is sent by itself: nobody presses a button for it.
    let page = register(&mut browser, NEW).await;
    assert_eq!(page.heading(), "Verify your e-mail address");
    let code = page.form("/signup").control("code").clone();
    for (attribute, expected) in [
        ("inputmode", "numeric"),
        ("autocomplete", "one-time-code"),
        ("pattern", "[0-9]{6}"),
        ("minlength", "6"),
        ("maxlength", "6"),
    ] {
        assert_eq!(code.get(attribute), Some(expected));
    }
    let letter = site.last_letter().await;
    assert_eq!(letter.to, NEW);
    let code = letter.code.unwrap();
    let page = browser.submit(&page, "/signup", &[("code", code.expose())]).await;
    let page = browser.follow(page).await;
    assert_eq!(page.heading(), "Protect your account");
    let page = browser.submit(&page, "/signup", &[("skip", "true")]).await;
    assert_eq!(page.location(), "/account");
    let page = browser.follow(page).await;
    assert!(page.body.contains(NEW) && page.body.contains("verified"));
    assert!(!browser.jar.keys().any(|name| name.contains("onboarding")), "{:?}", browser.jar);
}

#[tokio::test]
async fn what_is_shown_once_is_shown_in_the_answers_to_forms_and_nowhere_else() {
    let site = Site::new();
    let mut browser = site.browser();
    let page = register(&mut browser, NEW).await;
    let code = site.last_letter().await.code.unwrap();
    let page = browser.submit(&page, "/signup", &[("code", code.expose())]).await;
    let page = browser.follow(page).await;
    let shown = browser.submit(&page, "/signup", &[]).await;
    assert_eq!((shown.status, shown.heading().as_str()), (200, "Connect your authenticator app"));
    assert!(shown.body.contains("<svg "), "the picture");
    let link = shown
        .tags()
        .into_iter()
        .find(|tag| tag.get("href").is_some_and(|to| to.starts_with("otpauth:")));
    let uri = link.unwrap().get("href").unwrap().to_owned();
    let again = browser.get("/signup").await;
    assert!(!again.body.contains("<svg ") && !again.body.contains("otpauth"), "{}", again.body);
    assert_eq!(again.form("/signup").control("again").text, "Show another key");
    // But it is needed, to get the code right.
    let wrong = browser.submit(&shown, "/signup", &[("code", "000000")]).await;
    assert_eq!((wrong.status, wrong.errors().len()), (422, 1));
    assert!(wrong.body.contains("<svg "), "the picture");
    assert!(wrong.tags().into_iter().any(|tag| tag.get("href") == Some(&uri)), "the key");
    let page = browser.submit(&wrong, "/signup", &[("code", &site.code_of_app(&uri))]).await;
    let page = browser.follow(page).await;
    let codes = browser.submit(&page, "/signup", &[]).await;
    assert_eq!(codes.heading(), "Keep your recovery codes");
    let list: Vec<_> = codes.tags().into_iter().filter(|tag| tag.name == "code").collect();
    assert_eq!(list.len(), 10);
    assert!(!browser.get("/signup").await.body.contains(&list[0].text));
    let unticked = browser.submit(&codes, "/signup", &[]).await;
    assert_eq!(unticked.status, 422);
    let page = browser.submit(&codes, "/signup", &[("saved", "true")]).await;
    assert_eq!(page.location(), "/account");
    let page = browser.follow(page).await;
    assert!(page.body.contains("Recovery codes left: 10."));
}

#[tokio::test]
async fn wrong_answers_come_back_with_what_was_typed_and_each_at_its_field() {
    let site = Site::new();
    let mut browser = site.browser();
    let page = browser.fill("/signup", "/signup", &[("email", NEW)]).await;
    let page = browser.follow(page).await;
    let fill = [("password", "short"), ("password_confirm", "shorter")];
    let page = browser.submit(&page, "/signup", &fill).await;
    assert_eq!(page.status, 422);
    let errors = page.errors();
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["password", "password_confirm"]);
    assert!(errors["password"].contains("at least"), "{errors:?}");
    assert!(!page.body.contains("value=\"short"), "no password comes back");
    assert_eq!(page.form("/signup").control("email").get("value"), Some(NEW));
    let focused: Vec<_> = page.tags().into_iter().filter(|tag| tag.has("autofocus")).collect();
    assert_eq!(focused.len(), 1);
    assert_eq!(focused[0].get("name"), Some("password"));
    // The summary leads to the fields.
    let tags = page.tags();
    let links = tags.iter().filter_map(|tag| tag.get("href")?.strip_prefix("#step"));
    for link in links {
        let id = format!("step{link}");
        assert!(tags.iter().any(|tag| tag.get("id") == Some(&id)), "{id}");
    }
    let empty = browser.submit(&page, "/signup", &[("email", "")]).await;
    assert_eq!(empty.errors().len(), 3, "{:?}", empty.errors());
}

#[tokio::test]
async fn a_taken_address_looks_like_any_other_and_its_owner_is_told() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    browser.fill("/account", "/account/email/verify", &[]).await;
    let link = site.link().await;
    browser.fill(&link, "/verify", &[]).await;
    let mut bodies = Vec::new();
    for email in [EMAIL, NEW] {
        let mut stranger = site.browser();
        let page = register(&mut stranger, email).await;
        let token = page.form("/signup").values()["csrf"].clone();
        bodies.push(page.body.replace(email, "X").replace(&token, "T"));
        let kind = site.last_letter().await.kind;
        let expected = if email == EMAIL {
            MessageKind::RegistrationOfTaken
        } else {
            MessageKind::VerificationCode
        };
        assert_eq!(kind, expected);
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_taken_once() {
    let site = Site::new();
    let mut browser = site.browser();
    let first = browser.fill("/signup", "/signup", &[("email", NEW)]).await;
    let first = browser.follow(first).await;
    let fill = [("password", PASSWORD), ("password_confirm", PASSWORD)];
    let once = browser.submit(&first, "/signup", &fill).await;
    let twice = browser.submit(&first, "/signup", &fill).await;
    assert_eq!(once.location(), twice.location());
    let page = browser.follow(twice).await;
    assert_eq!(page.heading(), "Verify your e-mail address");
    assert!(page.errors().is_empty());
    assert_eq!(site.letters().await.len(), 1, "one code was sent");
    // Another code is sent when its time has come, and not before.
    let early = browser.submit(&page, "/signup", &[("again", "true")]).await;
    assert_eq!(early.status, 422);
    site.advance(Duration::from_minutes(2));
    let sent = browser.submit(&page, "/signup", &[("again", "true")]).await;
    assert_eq!(browser.follow(sent).await.heading(), "Verify your e-mail address");
    assert_eq!(site.letters().await.len(), 2);
}

#[tokio::test]
async fn an_empty_code_sends_no_other_one() {
    let site = Site::new();
    let mut browser = site.browser();
    let page = register(&mut browser, NEW).await;
    site.advance(Duration::from_minutes(2));
    let page = browser.submit(&page, "/signup", &[("code", " ")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.errors()["code"], "Expected a value.");
    assert_eq!(site.letters().await.len(), 1);
}

#[tokio::test]
async fn who_takes_too_long_is_told_and_begins_again() {
    let site = Site::new();
    let mut browser = site.browser();
    let page = register(&mut browser, NEW).await;
    site.advance(Duration::from_minutes(60 * 48));
    let page = browser.submit(&page, "/signup", &[("code", "123456")]).await;
    assert_eq!(page.location(), "/signup?notice=expired");
    let page = browser.follow(page).await;
    assert!(page.body.contains("Too much time has passed."));
    assert!(page.form("/signup").control("email").has("required"));
}

#[tokio::test]
async fn where_nobody_may_register_no_page_offers_it() {
    let closed = testudo::onboarding::Onboarding::standard().sign_up(Vec::<String>::new());
    let site = Site::with(testudo::Policy::default(), closed);
    let mut browser = site.browser();
    for path in ["/", "/signin"] {
        assert!(!browser.get(path).await.body.contains("/signup"), "{path}");
    }
    let page = browser.get("/signup").await;
    assert!(page.body.contains("Nobody can register here"));
    let token = browser.get("/signin").await.form("/signin").values()["csrf"].clone();
    let page = browser.post("/signup", &[("csrf", &token), ("email", NEW)]).await;
    assert_eq!(page.status, 422);
}
