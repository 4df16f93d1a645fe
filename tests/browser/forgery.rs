//! What other sites can make a browser do, and what they cannot.

use std::net::TcpListener;
use std::thread;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use thirtyfour::{By, SameSite};

use crate::browser::Browser;
use crate::journeys::{EMAIL, PASSWORD};
use crate::place::Place;
use crate::support::block_on;

#[tokio::test]
async fn a_form_of_another_origin_changes_nothing() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    let other = Browser::start().await;
    other.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    let before = place.user(EMAIL);
    // To another port cookies go along, as it is the same site; to another host they do not.
    for host in ["127.0.0.1", "localhost"] {
        let elsewhere = foreign_site(host, forms(&place));
        for (number, (path, _)) in FORMS.iter().enumerate() {
            browser.session().goto(format!("{elsewhere}/{number}")).await.unwrap();
            let button = browser.session().find(By::Tag("button")).await.unwrap();
            browser.leave(async || button.click().await).await;
            assert_eq!(browser.path().await, *path, "the form was sent");
            browser.is_at("This form is out of date").await;
        }
    }
    browser.open(&place.url("/account")).await;
    browser.is_at("Your account").await;
    other.open(&place.url("/account")).await;
    other.is_at("Your account").await;
    assert_eq!(place.user(EMAIL), before);
    assert_eq!(place.mail().letters().len(), 0);
}

/// What another site would like to send: where to, and what.
const FORMS: [(&str, &[(&str, &str)]); 8] = [
    ("/signout", &[]),
    ("/signin", &[("email", EMAIL), ("password", PASSWORD)]),
    ("/signup", &[("email", "mallory@example.com")]),
    ("/forgot", &[("email", EMAIL)]),
    ("/account/email", &[("new_email", "mallory@example.com")]),
    ("/account/password", &[("current_password", PASSWORD), ("new_password", "mallory knows it")]),
    ("/account/sessions/end-others", &[]),
    ("/account/close", &[]),
];

fn forms(place: &Place) -> Vec<String> {
    let field = |(name, value): &(&str, &str)| format!("<input name='{name}' value='{value}'>");
    let form = |(path, fields): (&str, &[(&str, &str)])| {
        let fields: String = fields.iter().map(field).collect();
        let action = place.url(path);
        format!("<form method=post action='{action}'>{fields}<button>Win a prize</button></form>")
    };
    FORMS.into_iter().map(form).collect()
}

#[tokio::test]
async fn no_script_of_another_origin_reads_or_changes_anything() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    let elsewhere = foreign_site("127.0.0.1", vec![String::new()]);
    browser.session().goto(format!("{elsewhere}/0")).await.unwrap();
    let script = "const [url, done] = arguments;
        fetch(url, { credentials: 'include' }).then(() => done('read'), () => done('kept'));";
    for path in ["/account", "/auth/me", "/auth/sessions"] {
        let url = vec![place.url(path).into()];
        let read = browser.session().execute_async(script, url).await.unwrap();
        assert_eq!(read.json(), "kept", "{path}");
    }
    let script = "const [url, type, body, done] = arguments;
        const headers = { 'content-type': type };
        fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body, headers }).finally(() => done());";
    for (path, kind, body) in [
        ("/account/close", "application/x-www-form-urlencoded", "csrf=x"),
        ("/signout", "text/plain", "csrf=x"),
        ("/auth/logout-all", "text/plain", "{}"),
        ("/auth/logout", "text/plain", "{}"),
    ] {
        let arguments = vec![place.url(path).into(), kind.into(), body.into()];
        // It is sent; what is answered stays out of reach.
        browser.session().execute_async(script, arguments).await.unwrap();
    }
    browser.session().browser_log().await.unwrap();
    browser.open(&place.url("/account")).await;
    browser.is_at("Your account").await;
}

#[tokio::test]
async fn no_other_site_shows_a_page_in_a_frame() {
    let place = Place::new();
    let browser = Browser::start().await;
    let frame = format!("<iframe src='{}'></iframe>", place.url("/signin"));
    let elsewhere = foreign_site("127.0.0.1", vec![frame]);
    browser.session().goto(format!("{elsewhere}/0")).await.unwrap();
    let log = browser.session().browser_log().await.unwrap();
    assert!(log.iter().any(|entry| entry.message.contains("frame-ancestors")), "{log:?}");
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_of_other_sites() {
    let place = Place::new().with_account(EMAIL, PASSWORD);
    let browser = Browser::start().await;
    browser.begin_sign_up(&place, "grace@example.com", PASSWORD).await;
    browser.sign_in_wholly(&place, EMAIL, PASSWORD).await;
    let cookies = browser.cookies().await;
    assert!(cookies.len() >= 3, "{cookies:?}");
    for cookie in cookies {
        assert_eq!(cookie.http_only, Some(true), "{cookie:?}");
        assert!(matches!(cookie.same_site, Some(SameSite::Lax | SameSite::Strict)), "{cookie:?}");
        assert_eq!(cookie.domain.as_deref(), Some("127.0.0.1"), "no other host: {cookie:?}");
    }
    let seen = browser.session().execute("return document.cookie", vec![]).await.unwrap();
    assert_eq!(seen.json(), "");
    let source = browser.session().source().await.unwrap();
    for cookie in browser.cookies().await {
        assert!(!source.contains(&cookie.value), "{} stands in the page", cookie.name);
    }
}

/// Serves pages of somebody else's until the test ends; gives its address.
fn foreign_site(host: &str, bodies: Vec<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{host}:{}", listener.local_addr().unwrap().port());
    let page = |(number, body): (usize, String)| {
        let page = Html(format!("<!doctype html><title>A prize</title>{body}"));
        (format!("/{number}"), get(async || page))
    };
    let router = bodies.into_iter().enumerate().map(page);
    let router = router.fold(Router::new(), |router, (path, page)| router.route(&path, page));
    thread::spawn(move || {
        block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    url
}
