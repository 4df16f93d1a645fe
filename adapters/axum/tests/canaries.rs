//! No secret is seen in logs, problems or headers, whatever becomes of a request.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as expected ends the test, in its helpers too"
)]

#[allow(dead_code, reason = "the helpers of another test")]
#[path = "http/support.rs"]
mod support;

use std::io;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use axum::middleware::from_fn;
use axum::routing::any;
use serde_json::{Value, json};
use testudo::service::ServiceTokens;
use testudo_axum::{CurrentUser, envelope, require_auth, require_scope};
use tracing::level_filters::LevelFilter;

use support::{Answer, EMAIL, PASSWORD, Site, ask, get, post, send};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Logs everything of this thread, at every level.
    fn begin() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(lines))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Makes a body of every shape that is wrong, with a secret in it.
fn wrong_bodies(field: &str, canary: &str) -> Vec<String> {
    vec![
        format!(r#"{{"{field}": ["{canary}"]}}"#),
        format!(r#"{{"{field}": "{canary}", "{field}": "{canary}"}}"#),
        format!(r#"{{"{field}": "{canary}""#),
        format!(r#"{{"{field}": {canary}}}"#),
        format!(r#"["{canary}"]"#),
        format!(r#""{canary}""#),
        canary.to_owned(),
    ]
}

#[tokio::test]
async fn no_secret_is_in_logs_problems_or_headers_whatever_becomes_of_a_request() {
    const SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
    const WRONG: &str = "canary-wrong-Zk4";
    const NEXT: &str = "canary-next-password-Qp9";
    let site = Site::new().await;
    let testudo = site.testudo.clone().services(SERVICE.parse::<ServiceTokens>().unwrap());
    let key = site.api_key("reports:read").await;
    let broken = async |CurrentUser(_): CurrentUser, request: Request<Body>| -> StatusCode {
        panic!("{:?}", request.headers())
    };
    let scoped = Router::new()
        .route("/scoped", any(async || "done"))
        .route_layer(require_scope(&testudo, "reports:write"));
    let pages = Router::new()
        .route("/page", any(async || "done"))
        .route_layer(require_auth(&testudo).or_redirect("/signin"));
    let app = Router::new()
        .route("/broken", any(broken))
        .merge(scoped)
        .merge(pages)
        .nest("/auth", testudo.routes())
        .layer(from_fn(envelope))
        .with_state(testudo.clone());

    let (log, _guard) = Log::begin();
    // What a panic says is the program's own affair; where it happened is all that is told elsewhere.
    std::panic::set_hook(Box::new(|_| {}));
    let mut answers: Vec<Answer> = Vec::new();
    let signed_in =
        post(&app, "/auth/login", None, &json!({"email": EMAIL, "password": PASSWORD})).await;
    let token = |answer: &Answer, field: &str| {
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        body[field].as_str().unwrap().to_owned()
    };
    let refresh = json!({"refresh_token": token(&signed_in, "refresh_token")});
    let refreshed = post(&app, "/auth/refresh", None, &refresh).await;
    let access = token(&refreshed, "access_token");
    let change = json!({"current_password": PASSWORD, "new_password": NEXT});
    answers.push(post(&app, "/auth/password/change", Some(&access), &change).await);
    let change = json!({"current_password": WRONG, "new_password": NEXT});
    answers.push(post(&app, "/auth/password/change", Some(&access), &change).await);
    answers
        .push(post(&app, "/auth/login", None, &json!({"email": EMAIL, "password": WRONG})).await);
    for path in ["/auth/login", "/auth/refresh", "/auth/password/reset", "/auth/email/verify"] {
        for field in ["password", "refresh_token", "token", "email", WRONG] {
            for body in wrong_bodies(field, WRONG) {
                let request = Request::post(path).header("content-type", "application/json");
                answers.push(send(&app, request.body(Body::from(body)).unwrap()).await);
            }
        }
    }
    let made_up = format!("tda_{WRONG}");
    for presented in [access.as_str(), &key, SERVICE, WRONG, &made_up, "canary malformed"] {
        for path in
            ["/auth/me", "/auth/api-keys/whoami", "/auth/service/whoami", "/scoped", "/page"]
        {
            answers.push(get(&app, path, Some(presented)).await);
            let method = Method::from_bytes(b"CANARY").unwrap();
            answers.push(ask(&app, method, path, Some(presented)).await);
        }
    }
    let panicked = get(&app, "/broken", Some(&access)).await;
    assert_eq!(panicked.problem(), (500, "unavailable".to_owned()));
    answers.push(panicked);

    let log = log.text();
    assert!(log.contains("a request panicked") && log.contains("answered"), "{log}");
    let refresh = token(&refreshed, "refresh_token");
    for secret in [
        PASSWORD,
        NEXT,
        WRONG,
        SERVICE,
        &key,
        &access,
        &refresh,
        &token(&signed_in, "access_token"),
        &token(&signed_in, "refresh_token"),
        "canary malformed",
    ] {
        assert!(!log.contains(secret), "{secret} was logged");
        for answer in &answers {
            let seen = format!("{:?} {}", answer.headers, answer.body);
            assert!(!seen.contains(secret), "{secret}: {seen}");
        }
    }
}
