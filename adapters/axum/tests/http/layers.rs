//! Whole routers behind a layer.

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::routing::any;
use testudo::Client;
use testudo_axum::{
    CurrentApiKey, CurrentService, CurrentSession, CurrentUser, Testudo, require_auth,
    require_scope, require_service,
};

use crate::support::{EMAIL, Site, ask, get};

fn whoami() -> Router<Testudo> {
    let answer = async |CurrentUser(user): CurrentUser, CurrentSession(session): CurrentSession| {
        assert_eq!(session.user, user.id);
        user.email.to_string()
    };
    Router::new().route("/", any(answer)).route("/deep/er", any(answer))
}

#[tokio::test]
async fn what_a_layer_has_read_is_not_read_again() {
    let site = Site::new().await;
    let access = site.login().await.access;
    let (testudo, token) = (site.testudo.clone(), access.expose().to_owned());
    // Between the layer and the route the session is ended: who reads again would see it.
    let end = from_fn(move |request: Request, next: Next| {
        let (testudo, token) = (testudo.clone(), token.clone());
        async move {
            testudo.auth().logout(&token, &Client::unknown()).await.unwrap();
            next.run(request).await
        }
    });
    let app = whoami().layer(end).layer(require_auth(&site.testudo));
    let app = app.with_state(site.testudo.clone());
    assert_eq!(get(&app, "/", Some(access.expose())).await.body, EMAIL);
    assert_eq!(get(&app, "/", Some(access.expose())).await.status, 401);
}

#[tokio::test]
async fn what_one_of_two_realms_has_let_in_is_nobody_to_the_other() {
    let (site, other) = (Site::new().await, Site::new().await);
    let access = site.login().await.access;
    let app = whoami().layer(require_auth(&site.testudo));
    let app = app.with_state(other.testudo.clone());
    let answer = get(&app, "/", Some(access.expose())).await;
    assert_eq!(answer.problem(), (401, "invalid_token".to_owned()));
}

#[tokio::test]
async fn a_layer_lets_users_through_and_answers_others_as_it_is_told() {
    let site = Site::new().await;
    let access = site.login().await.access;
    let layers = [
        (require_auth(&site.testudo), StatusCode::UNAUTHORIZED),
        (require_auth(&site.testudo).or_status(StatusCode::NOT_FOUND), StatusCode::NOT_FOUND),
        (require_auth(&site.testudo).or_redirect("/signin"), StatusCode::SEE_OTHER),
    ];
    for (layer, expected) in layers {
        let app = whoami().layer(layer).with_state(site.testudo.clone());
        assert_eq!(get(&app, "/", Some(access.expose())).await.body, EMAIL);
        assert_eq!(get(&app, "/", None).await.status, expected);
        assert_eq!(get(&app, "/", Some("tda_made_up")).await.status, expected);
        // What is malformed is not mended by signing in.
        let malformed = get(&app, "/", Some("a b")).await;
        assert_eq!(malformed.problem(), (400, "malformed".to_owned()));
    }
}

#[tokio::test]
async fn who_is_sent_to_sign_in_comes_back_to_what_they_asked_for_if_it_can_be_repeated() {
    let site = Site::new().await;
    let layer = require_auth(&site.testudo).or_redirect("/signin");
    let inner = whoami().layer(layer);
    let app = Router::new().nest("/app", inner).with_state(site.testudo.clone());
    let location = async |method: Method, path: &str| {
        let answer = ask(&app, method, path, None).await;
        assert_eq!(answer.status, 303, "{path}");
        answer.header("location").unwrap().to_owned()
    };
    let next = location(Method::GET, "/app/deep/er?a=1&b=%2F#x").await;
    assert_eq!(next, "/signin?next=%2Fapp%2Fdeep%2Fer%3Fa%3D1%26b%3D%252F");
    assert_eq!(location(Method::HEAD, "/app/deep/er").await, "/signin?next=%2Fapp%2Fdeep%2Fer");
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(location(method, "/app/deep/er").await, "/signin");
    }
    let long = format!("/app/deep/er?{}", "x".repeat(4000));
    assert_eq!(location(Method::GET, &long).await, "/signin");
}

#[tokio::test]
async fn no_redirection_names_another_site() {
    let site = Site::new().await;
    let layer = require_auth(&site.testudo).or_redirect("/signin?lang=de");
    let app: Router = Router::new().fallback(async || "anything").layer(layer);
    for path in ["//evil.example/x", "///evil.example"] {
        assert_eq!(get(&app, path, None).await.header("location"), Some("/signin?lang=de"));
    }
    let location = get(&app, "/x", None).await;
    assert_eq!(location.header("location"), Some("/signin?lang=de&next=%2Fx"));
}

#[tokio::test]
async fn a_key_is_let_through_for_its_scope_and_told_which_one_it_lacks() {
    let site = Site::new().await;
    let name = async |CurrentApiKey(key): CurrentApiKey| key.name;
    let app = Router::new()
        .route("/", any(name))
        .layer(require_scope(&site.testudo, "reports:write"))
        .with_state(site.testudo.clone());
    let (writes, reads) = (site.api_key("reports:write").await, site.api_key("reports:read").await);
    assert_eq!(get(&app, "/", Some(&writes)).await.body, "nightly");
    let lacking = get(&app, "/", Some(&reads)).await;
    assert_eq!(lacking.problem(), (403, "forbidden".to_owned()));
    let challenge = r#"Bearer error="insufficient_scope", scope="reports:write""#;
    assert_eq!(lacking.header("www-authenticate"), Some(challenge));
    let session = site.login().await.access;
    assert_eq!(get(&app, "/", Some(session.expose())).await.status, 401);
    assert_eq!(get(&app, "/", None).await.problem(), (401, "unauthenticated".to_owned()));
}

#[tokio::test]
async fn services_are_let_through_by_their_token_and_users_are_not() {
    const TOKEN: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
    let site = Site::new().await;
    let testudo = site.testudo.clone().services(TOKEN.parse().unwrap());
    let app = |testudo: &Testudo| {
        Router::new()
            .route(
                "/",
                any(async |CurrentService(name): CurrentService| name.is_some().to_string()),
            )
            .layer(require_service(testudo))
            .with_state(testudo.clone())
    };
    assert_eq!(get(&app(&testudo), "/", Some(TOKEN)).await.body, "false");
    let access = site.login().await.access;
    for token in [access.expose(), &TOKEN.replace('X', "x")] {
        let refused = get(&app(&testudo), "/", Some(token)).await;
        assert_eq!(refused.problem(), (401, "invalid_token".to_owned()));
    }
    assert_eq!(get(&app(&site.testudo), "/", Some(TOKEN)).await.status, 401, "without tokens");
}
