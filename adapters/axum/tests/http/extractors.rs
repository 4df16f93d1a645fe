//! Who a request is taken to be from.

use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::Request;
use axum::routing::any;
use serde::Deserialize;
use serde_json::json;
use testudo::Client;
use testudo_axum::{
    Claims, CurrentApiKey, CurrentService, CurrentSession, CurrentUser, MaybeUser, Testudo,
};

use crate::support::{EMAIL, Site, get, send};

/// An application's own state, of which authentication is a part.
#[derive(Clone)]
struct State {
    testudo: Testudo,
    greeting: &'static str,
}

impl FromRef<State> for Testudo {
    fn from_ref(state: &State) -> Self {
        state.testudo.clone()
    }
}

impl FromRef<State> for &'static str {
    fn from_ref(state: &State) -> Self {
        state.greeting
    }
}

fn app(testudo: &Testudo) -> Router {
    let user = async |CurrentUser(user): CurrentUser| user.email.to_string();
    let maybe = async |MaybeUser(user): MaybeUser| {
        user.map_or("nobody".to_owned(), |user| user.email.to_string())
    };
    let session = async |CurrentSession(session): CurrentSession| session.user.to_string();
    let greet = async |axum::extract::State(greeting): axum::extract::State<&'static str>| greeting;
    Router::new()
        .route("/user", any(user))
        .route("/maybe", any(maybe))
        .route("/session", any(session))
        .route("/claims", any(async |Claims(Tenant { tenant }): Claims<Tenant>| tenant.to_string()))
        .route("/key", any(async |CurrentApiKey(key): CurrentApiKey| key.name))
        .route(
            "/service",
            any(async |CurrentService(name): CurrentService| {
                name.map_or("unnamed".to_owned(), |name| name.as_str().to_owned())
            }),
        )
        .route("/greeting", any(greet))
        .with_state(State { testudo: testudo.clone(), greeting: "hello" })
}

#[derive(Deserialize)]
struct Tenant {
    tenant: u64,
}

#[tokio::test]
async fn a_user_is_known_by_the_authorization_header_and_by_nothing_else() {
    let site = Site::new().await;
    let app = app(&site.testudo);
    let tokens = site.login().await;
    let access = tokens.access.expose();
    assert_eq!(get(&app, "/user", Some(access)).await.body, EMAIL);
    let elsewhere = [
        Request::get(format!("/user?access_token={access}")).body(Body::empty()),
        Request::get("/user")
            .header("cookie", format!("access_token={access}"))
            .body(Body::empty()),
        Request::get("/user")
            .header("proxy-authorization", format!("Bearer {access}"))
            .body(Body::empty()),
        Request::post("/user")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("access_token={access}"))),
    ];
    for request in elsewhere {
        let answer = send(&app, request.unwrap()).await;
        assert_eq!(answer.problem(), (401, "unauthenticated".to_owned()));
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    let refresh = get(&app, "/user", Some(tokens.refresh.expose())).await;
    assert_eq!(refresh.problem(), (401, "invalid_token".to_owned()));
    assert_eq!(refresh.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
}

#[tokio::test]
async fn who_sends_bad_credentials_is_never_taken_for_nobody() {
    let site = Site::new().await;
    let app = app(&site.testudo);
    let access = site.login().await.access;
    assert_eq!(get(&app, "/maybe", None).await.body, "nobody");
    assert_eq!(get(&app, "/maybe", Some(access.expose())).await.body, EMAIL);
    let bad: [&[&[u8]]; 8] = [
        &[b"Bearer"],
        &[b"Bearer "],
        &[b"Bearer tda_x"],
        &[b"Bearer a b"],
        &[b"Bearer \xff"],
        &[b""],
        &[b"Basic YTpi"],
        &[b"Bearer a", b"Bearer a"],
    ];
    for values in bad {
        let mut request = Request::get("/maybe");
        for value in values {
            request = request.header("authorization", *value);
        }
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert!(matches!(answer.status.as_u16(), 400 | 401), "{values:?}: {answer:?}");
        assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
    }
    site.testudo.auth().logout(access.expose(), &Client::unknown()).await.unwrap();
    let ended = get(&app, "/maybe", Some(access.expose())).await;
    assert_eq!(ended.problem(), (401, "revoked_token".to_owned()));
}

#[tokio::test]
async fn a_session_that_was_ended_is_no_session_at_the_next_request() {
    let site = Site::new().await;
    let app = app(&site.testudo);
    let access = site.login().await.access;
    for path in ["/user", "/session"] {
        assert_eq!(get(&app, path, Some(access.expose())).await.status, 200, "{path}");
    }
    site.testudo.auth().logout_all(access.expose(), &Client::unknown()).await.unwrap();
    for path in ["/user", "/session", "/claims"] {
        let answer = get(&app, path, Some(access.expose())).await;
        assert_eq!(answer.problem(), (401, "revoked_token".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn claims_are_given_in_the_shape_that_is_asked_for_or_refused() {
    let site = Site::new().await;
    let app = app(&site.testudo);
    let claims = |value: serde_json::Value| value.as_object().unwrap().clone();
    let fitting = site.login_with(claims(json!({"tenant": 7, "more": true}))).await;
    assert_eq!(get(&app, "/claims", Some(fitting.access.expose())).await.body, "7");
    for other in [json!({}), json!({"tenant": "7"}), json!({"tenant": -1})] {
        let tokens = site.login_with(claims(other.clone())).await;
        let answer = get(&app, "/claims", Some(tokens.access.expose())).await;
        assert_eq!(answer.problem(), (403, "forbidden".to_owned()), "{other}");
    }
}

#[tokio::test]
async fn users_keys_and_services_are_not_taken_for_each_other() {
    const SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
    let site = Site::new().await;
    let app = app(&site.testudo.clone().services(SERVICE.parse().unwrap()));
    let access = site.login().await.access;
    let key = site.api_key("reports:read").await;
    let credentials = [("/user", access.expose().as_str()), ("/key", &key), ("/service", SERVICE)];
    for (home, token) in credentials {
        for (path, _) in credentials {
            let answer = get(&app, path, Some(token)).await;
            let expected = if path == home { 200 } else { 401 };
            assert_eq!(answer.status, expected, "{home} at {path}: {answer:?}");
        }
    }
    assert_eq!(get(&app, "/greeting", None).await.body, "hello");
}
