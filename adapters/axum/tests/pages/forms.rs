//! Who may send a form, and what a form that may not be sent does.

use testudo::model::SessionId;
use testudo::token::csrf;

use crate::browser::{Browser, ORIGIN};
use crate::site::{EMAIL, PASSWORD, Site, sign_in};

/// Fields that would change something wherever they came to.
const FIELDS: [(&str, &str); 7] = [
    ("email", EMAIL),
    ("password", PASSWORD),
    ("current_password", PASSWORD),
    ("new_password", "another horse battery"),
    ("new_email", "moved@example.com"),
    ("token", "tdl_made-up"),
    ("code", "123456"),
];

fn with_token(token: &str) -> Vec<(&str, &str)> {
    FIELDS.iter().copied().chain([("csrf", token)]).collect()
}

/// The token of the forms of the page at `path`.
async fn token(browser: &mut Browser, path: &str) -> String {
    let page = browser.get(path).await;
    page.tags()
        .iter()
        .find(|tag| tag.get("name") == Some("csrf"))
        .unwrap()
        .get("value")
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn no_form_is_taken_without_the_token_that_was_made_for_this_browser_and_session() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let mut stranger = site.browser();
    let foreign = token(&mut stranger, "/signin").await;
    let mut nobody = browser.clone();
    nobody.jar.retain(|name, _| name.contains("browser"));
    let before_sign_in = token(&mut nobody, "/signin").await;
    let others = token(&mut site.signed_in().await, "/account").await;
    let events = site.letters().await.len();
    let (mut refused, mut absent) = (0, 0);
    for path in site.paths() {
        for token in [
            None,
            Some(""),
            Some("made-up"),
            Some(&*foreign),
            Some(&*before_sign_in),
            Some(&*others),
        ] {
            let fields = token.map_or_else(|| FIELDS.to_vec(), with_token);
            let page = browser.post(&path, &fields).await;
            let signs_in = ["/signin", "/signup"].contains(&path.as_str());
            match page.status {
                403 => refused += 1,
                405 => absent += 1,
                // It is signed in already: its own form was sent twice.
                303 if signs_in && token == Some(&*before_sign_in) => refused += 1,
                other => panic!("{path} {token:?}: {other}"),
            }
            assert!(!page.headers.contains_key("set-cookie"), "{path}");
        }
    }
    assert_eq!(
        (refused / 6, absent / 6),
        (22, 3),
        "the routes that change something, and those that do not"
    );
    assert_eq!(browser.get("/account").await.heading(), "Your account", "nothing was changed");
    assert_eq!(site.letters().await.len(), events);
}

#[tokio::test]
async fn a_right_token_does_not_make_up_for_a_browser_that_says_it_is_elsewhere() {
    let site = Site::with_user().await;
    for (says, expected) in [
        (&[("sec-fetch-site", "cross-site")][..], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site"), ("origin", ORIGIN)], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "https://app.example.com.evil.example")], 403),
        (&[("sec-fetch-site", "same-origin"), ("origin", "null")], 303),
        (&[("origin", "null")], 303),
        (&[("origin", ORIGIN)], 303),
        (&[], 303),
    ] {
        let mut browser = site.browser();
        let page = browser.get("/signin").await;
        browser.says = says.to_vec();
        let fill = [("email", EMAIL), ("password", PASSWORD)];
        let page = browser.submit(&page, "/signin", &fill).await;
        assert_eq!(page.status, expected, "{says:?}");
        assert_eq!(browser.jar.len(), if expected == 303 { 3 } else { 1 }, "{says:?}");
    }
}

#[tokio::test]
async fn the_token_of_a_session_alone_is_none_of_a_form() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let page = browser.get("/account").await;
    let id = page.form("/account/sessions/end").values()["session"].clone();
    let id: SessionId = id.parse().unwrap();
    let text = csrf::token_for(id, site.testudo.auth().settings().keys());
    let page = browser.post("/account/sessions/end-others", &[("csrf", text.expose())]).await;
    assert_eq!(page.status, 403);
}

#[tokio::test]
async fn what_is_no_form_is_not_read() {
    let site = Site::with_user().await;
    let mut browser = site.browser();
    let token = token(&mut browser, "/signin").await;
    let twice = [("csrf", token.as_str()), ("email", "a@example.com"), ("email", EMAIL)];
    assert_eq!(browser.post("/signin", &twice).await.status, 400, "which of two would count?");
    let long = "x".repeat(70_000);
    let fields = [("csrf", token.as_str()), ("email", long.as_str())];
    assert_eq!(browser.post("/signin", &fields).await.status, 413);
    browser.says.push(("content-type", "text/plain"));
    assert_eq!(browser.post("/signin", &[("csrf", &token)]).await.status, 415);
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    browser.fill("/account", "/account/email/verify", &[]).await;
    let link = site.link().await;
    let count = site.letters().await.len();
    for path in site.paths() {
        for query in ["", "?token=x&email=ada@example.com&skip=true&again=true&start_over=true"] {
            browser.get(&format!("{path}{query}")).await;
        }
    }
    for _ in 0..3 {
        assert_eq!(browser.get(&link).await.status, 200);
    }
    assert_eq!(site.letters().await.len(), count);
    let page = browser.get("/account").await;
    assert_eq!(page.heading(), "Your account");
    assert!(page.body.contains("not verified"));
    let spent = browser.fill(&link, "/verify", &[]).await;
    assert_eq!(spent.location(), "/account?notice=verified", "the token was not spent by looking");
}

#[tokio::test]
async fn sign_out_ends_the_session_and_takes_its_tokens() {
    let site = Site::with_user().await;
    let mut browser = site.signed_in().await;
    let copy = browser.clone();
    let page = browser.fill("/account", "/signout", &[]).await;
    assert_eq!(page.location(), "/signin?notice=signed-out");
    assert!(browser.jar.is_empty(), "{:?}", browser.jar);
    let mut thief = copy;
    assert_eq!(thief.get("/account").await.location(), "/signin?next=%2Faccount");
    let page = sign_in(&mut thief, EMAIL, PASSWORD).await;
    assert_eq!(
        page.location(),
        "/account",
        "a cookie that is worth nothing keeps nobody from signing in"
    );
}
