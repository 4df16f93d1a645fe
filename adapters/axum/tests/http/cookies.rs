//! Browsers: tokens in cookies, requests that somebody else makes them send, and staying signed in.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use futures::future::join_all;
use serde_json::{Value, json};
use testudo::command::UserKey;
use testudo::flow::admin::SetPassword;
use testudo::model::Email;
use testudo::{Client, Duration};
use testudo_axum::{Cookies, CurrentUser, MaybeUser, Testudo, renew};

use crate::support::{Answer, EMAIL, PASSWORD, Site, send};

const ACCESS: &str = "__Host-testudo_access";
const REFRESH: &str = "__Host-testudo_refresh";

/// What a browser keeps.
#[derive(Clone, Debug, Default, PartialEq)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Does what an answer says, as a browser does.
    fn take(&mut self, answer: &Answer) {
        for line in answer.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (pair, flags) = line.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if flags.ends_with("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Without the access token, which a browser forgets when its time is over.
    fn after_a_while(&self) -> Self {
        let mut jar = self.clone();
        jar.0.remove(ACCESS);
        jar
    }

    fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

fn browsers(site: &Site) -> Testudo {
    site.testudo.clone().with_cookies(Cookies::for_origin("https://app.example.com").unwrap())
}

fn app(site: &Site) -> Router {
    let testudo = browsers(site);
    Router::new()
        .nest("/session", testudo.routes())
        .nest("/auth", site.testudo.routes())
        .route("/hello", get(async |CurrentUser(user): CurrentUser| user.email.to_string()))
        .route("/maybe", get(async |MaybeUser(user): MaybeUser| user.is_some().to_string()))
        .route("/change", post(async |CurrentUser(_): CurrentUser| "changed"))
        .layer(from_fn_with_state(testudo.clone(), renew))
        .with_state(testudo)
}

/// Asks as a page of the site does, with more headers.
async fn ask(app: &Router, jar: &Jar, method: Method, path: &str, more: &[(&str, &str)]) -> Answer {
    let request = Request::builder().method(method).uri(path).header("cookie", jar.header());
    let request = more.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(app, request.body(Body::empty()).unwrap()).await
}

async fn see(app: &Router, jar: &Jar, path: &str) -> Answer {
    ask(app, jar, Method::GET, path, &[]).await
}

const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");

async fn login(app: &Router, more: &[(&str, &str)], remember: bool) -> Answer {
    let body = json!({"email": EMAIL, "password": PASSWORD, "remember": remember}).to_string();
    let request = Request::post("/session/login").header("content-type", "application/json");
    let request = more.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    send(app, request.body(Body::from(body)).unwrap()).await
}

async fn signed_in(app: &Router) -> (Jar, String) {
    let answer = login(app, &[OWN], true).await;
    let mut jar = Jar::default();
    jar.take(&answer);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    (jar, body["csrf_token"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn who_owes_something_gets_cookies_with_the_last_step_and_none_before() {
    let site = Site::new().await;
    let app = app(&site);
    let user = UserKey::Email(EMAIL.parse::<Email>().unwrap().key().clone());
    let set = SetPassword { user, password: "given by the office".into(), must_change: true };
    site.testudo.auth().admin().set_password(set, &Client::unknown()).await.unwrap();
    let say = async |path: &str, body: Value| {
        let request = Request::post(path).header("content-type", "application/json");
        send(&app, request.header(OWN.0, OWN.1).body(Body::from(body.to_string())).unwrap()).await
    };
    let login = json!({"email": EMAIL, "password": "given by the office"});
    let owing = say("/session/login", login).await;
    let result: Value = serde_json::from_str(&owing.body).unwrap();
    assert_eq!(result["current_step"], "change_password");
    assert!(owing.header("set-cookie").is_none(), "{owing:?}");
    assert!(result["csrf_token"].is_null() && result["user"].is_null(), "{result}");

    let data = json!({"new_password": "a password of my own"});
    let advance = json!({"session_token": result["session_token"], "data": data});
    let done = say("/session/onboarding/advance", advance).await;
    let result: Value = serde_json::from_str(&done.body).unwrap();
    assert_eq!((&result["status"], &result["expires_in"]), (&json!("completed"), &json!(900)));
    assert!(result["csrf_token"].is_string() && result["access_token"].is_null(), "{result}");
    let mut jar = Jar::default();
    jar.take(&done);
    assert_eq!(see(&app, &jar, "/hello").await.body, EMAIL);
}

#[tokio::test]
async fn tokens_go_into_cookies_and_nowhere_else() {
    let app = app(&Site::new().await);
    let answer = login(&app, &[OWN], true).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let lines: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    let lines: Vec<_> = lines.iter().map(|line| line.to_str().unwrap()).collect();
    let [access, refresh] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(access.starts_with(&format!("{ACCESS}=tda_")), "{access}");
    assert!(access.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=900"), "{access}");
    assert!(refresh.starts_with(&format!("{REFRESH}=tdr_")), "{refresh}");
    let month = "; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000";
    assert!(refresh.ends_with(month), "{refresh}");
    assert!(lines.iter().all(|line| line.len() <= 4096));
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["status"], "completed");
    assert_eq!(body["user"]["email"], EMAIL);
    assert!(body.get("access_token").is_none() && body.get("refresh_token").is_none(), "{body}");
    for token in ["tda_", "tdr_"] {
        assert!(!answer.body.contains(token), "{}", answer.body);
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("vary"), Some("authorization, cookie"));
}

#[tokio::test]
async fn who_did_not_ask_to_be_remembered_is_forgotten_when_the_browser_closes() {
    let app = app(&Site::new().await);
    let answer = login(&app, &[OWN], false).await;
    let lines: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert!(lines[0].to_str().unwrap().contains("Max-Age=900"));
    assert!(!lines[1].to_str().unwrap().contains("Max-Age"), "{lines:?}");
}

#[tokio::test]
async fn no_other_site_can_sign_a_visitor_in() {
    let app = app(&Site::new().await);
    for (headers, expected) in [
        (&[("sec-fetch-site", "cross-site")][..], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[], 403),
        (&[("origin", "https://app.example.com")], 200),
        (&[OWN], 200),
    ] {
        let answer = login(&app, headers, false).await;
        assert_eq!(answer.status, expected, "{headers:?}");
        assert_eq!(answer.headers.contains_key("set-cookie"), expected == 200, "{headers:?}");
    }
}

#[tokio::test]
async fn what_changes_something_is_asked_for_by_pages_of_the_site_only() {
    let app = app(&Site::new().await);
    let (jar, csrf_token) = signed_in(&app).await;
    assert_eq!(see(&app, &jar, "/hello").await.body, EMAIL);
    for (headers, expected) in [
        (&[OWN][..], 200),
        (&[("origin", "https://app.example.com")], 200),
        (&[("x-csrf-token", csrf_token.as_str())], 200),
        (&[("x-csrf-token", "made-up")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "cross-site"), ("x-csrf-token", csrf_token.as_str())], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[], 403),
    ] {
        let answer = ask(&app, &jar, Method::POST, "/change", headers).await;
        assert_eq!(answer.status, expected, "{headers:?}");
    }
    let theirs = signed_in(&app).await.1;
    let answer = ask(&app, &jar, Method::POST, "/change", &[("x-csrf-token", &theirs)]).await;
    assert_eq!(answer.problem(), (403, "forbidden".to_owned()), "a token of another session");
}

#[tokio::test]
async fn cookies_are_nothing_where_they_were_not_asked_for() {
    let site = Site::new().await;
    let app = app(&site);
    let (jar, _) = signed_in(&app).await;
    assert_eq!(see(&app, &jar, "/auth/me").await.problem(), (401, "unauthenticated".to_owned()));
    assert_eq!(see(&app, &jar, "/session/me").await.status, 200);
}

#[tokio::test]
async fn malformed_and_doubled_cookies_are_nobody_and_are_not_passed_over() {
    let app = app(&Site::new().await);
    let (jar, _) = signed_in(&app).await;
    let token = &jar.0[ACCESS];
    for line in [
        format!("{ACCESS}={token}; {ACCESS}={token}"),
        format!("{ACCESS}={token}; nothing"),
        format!("={token}; {ACCESS}={token}"),
    ] {
        for path in ["/hello", "/maybe", "/session/me"] {
            let request = Request::get(path).header("cookie", &line).body(Body::empty()).unwrap();
            let answer = send(&app, request).await;
            assert_eq!(answer.problem(), (401, "unauthenticated".to_owned()), "{path} {line}");
        }
    }
    let truncated = format!("{ACCESS}={}", token.split_at(20).0);
    let request = Request::get("/maybe").header("cookie", truncated).body(Body::empty()).unwrap();
    assert_eq!(send(&app, request).await.problem(), (401, "invalid_token".to_owned()));
    assert_eq!(see(&app, &Jar::default(), "/maybe").await.body, "false");
}

#[tokio::test]
async fn a_browser_whose_access_token_is_over_stays_signed_in() {
    let site = Site::new().await;
    let app = app(&site);
    let (jar, _) = signed_in(&app).await;
    site.advance(Duration::from_minutes(20));
    let mut later = jar.after_a_while();
    let answer = see(&app, &later, "/hello").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, EMAIL));
    later.take(&answer);
    assert_ne!(later.0[REFRESH], jar.0[REFRESH]);
    assert_ne!(later.0[ACCESS], jar.0[ACCESS]);
    let again = see(&app, &later, "/hello").await;
    assert_eq!(again.status, 200);
    assert!(!again.headers.contains_key("set-cookie"), "nothing was over");

    // What changes something is no less asked for by pages of the site only.
    let stale = later.after_a_while();
    let forged = ask(&app, &stale, Method::POST, "/change", &[("sec-fetch-site", "cross-site")]);
    assert_eq!(forged.await.status, 403);
}

#[tokio::test]
async fn requests_that_come_at_once_get_the_same_next_tokens() {
    let site = Site::new().await;
    let app = app(&site);
    let stale = signed_in(&app).await.0.after_a_while();
    let answers = join_all((0..20).map(|_| see(&app, &stale, "/hello"))).await;
    let mut jars: Vec<Jar> = Vec::new();
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut jar = stale.clone();
        jar.take(answer);
        jars.push(jar);
    }
    assert!(jars.iter().all(|jar| *jar == jars[0]));
    assert_eq!(see(&app, &jars[0], "/hello").await.status, 200);
}

#[tokio::test]
async fn a_browser_whose_session_is_over_has_its_cookies_taken() {
    let site = Site::new().await;
    let app = app(&site);
    let (mut jar, _) = signed_in(&app).await;
    let stale = jar.after_a_while();
    let out = ask(&app, &jar, Method::POST, "/session/logout", &[OWN]).await;
    assert_eq!(out.status, 204);
    jar.take(&out);
    assert_eq!(jar, Jar::default());
    let mut kept = stale.clone();
    let answer = see(&app, &kept, "/hello").await;
    assert_eq!(answer.problem(), (401, "unauthenticated".to_owned()));
    kept.take(&answer);
    assert_eq!(kept, Jar::default());
    assert_eq!(see(&app, &kept, "/maybe").await.body, "false");
}

#[tokio::test]
async fn a_refresh_that_is_asked_for_rotates_and_says_no_token() {
    let site = Site::new().await;
    let app = app(&site);
    let (jar, _) = signed_in(&app).await;
    let forged = ask(&app, &jar, Method::POST, "/session/refresh", &[]).await;
    assert_eq!(forged.problem(), (403, "forbidden".to_owned()));
    let answer = ask(&app, &jar, Method::POST, "/session/refresh", &[OWN]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut next = jar.clone();
    next.take(&answer);
    assert_ne!(next.0[REFRESH], jar.0[REFRESH]);
    assert!(!answer.body.contains("tda_") && !answer.body.contains("tdr_"), "{}", answer.body);
    let nobody = ask(&app, &Jar::default(), Method::POST, "/session/refresh", &[OWN]).await;
    assert_eq!(nobody.problem(), (401, "unauthenticated".to_owned()));
}

#[tokio::test]
async fn a_new_session_is_begun_at_each_sign_in_whatever_the_browser_brings() {
    let app = app(&Site::new().await);
    let (fixed, _) = signed_in(&app).await;
    let cookie = fixed.header();
    let answer = login(&app, &[OWN, ("cookie", &cookie)], true).await;
    let mut jar = fixed.clone();
    jar.take(&answer);
    assert_ne!(jar.0[ACCESS], fixed.0[ACCESS]);
    assert_ne!(jar.0[REFRESH], fixed.0[REFRESH]);
    assert_eq!(see(&app, &jar, "/hello").await.status, 200);
    let old = see(&app, &fixed, "/hello").await;
    assert_eq!(old.problem(), (401, "revoked_token".to_owned()), "it was replaced");
}
