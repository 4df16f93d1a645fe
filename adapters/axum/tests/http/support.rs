//! An application with a user, a clock, and a client.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use testudo::flow::{CreateApiKey, Login, RegisterUser};
use testudo::model::JsonObject;
use testudo::password::HasherChain;
use testudo::token::Tokens;
use testudo::{Client, Duration, KeyRing, Policy, Settings, Timestamp};
use testudo_axum::Testudo;
use testudo_driver::{Auth, Clock, InlineHashing};
use testudo_memory::MemoryStore;
use tower::ServiceExt as _;

pub(crate) const EMAIL: &str = "ada@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const SCOPES: [&str; 2] = ["reports:read", "reports:write"];

/// Authentication over memory, with one user.
pub(crate) struct Site {
    pub(crate) testudo: Testudo,
    clock: Arc<ManualClock>,
}

#[derive(Debug)]
struct ManualClock(AtomicU64);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

impl Site {
    pub(crate) async fn new() -> Self {
        let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x").unwrap();
        let settings = Settings::new(Policy::default(), keys).unwrap().with_api_key_scopes(SCOPES);
        let hashing = InlineHashing::new(HasherChain::standard());
        let clock = Arc::new(ManualClock(AtomicU64::new(1_700_000_000_000)));
        let auth = Auth::new(MemoryStore::new(), hashing, settings);
        let testudo = Testudo::new(auth.with_clock(Arc::<ManualClock>::clone(&clock)));
        let user = RegisterUser::new(EMAIL, PASSWORD.into());
        testudo.auth().register_user(user, &Client::unknown()).await.unwrap();
        Self { testudo, clock }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(by.as_millis(), Ordering::SeqCst);
    }

    pub(crate) async fn login(&self) -> Tokens {
        self.login_with(JsonObject::new()).await
    }

    pub(crate) async fn login_with(&self, claims: JsonObject) -> Tokens {
        let login = Login { claims, ..Login::new(EMAIL, PASSWORD.into()) };
        self.testudo
            .auth()
            .login(login, &Client::unknown())
            .await
            .unwrap()
            .signed_in()
            .unwrap()
            .tokens
    }

    pub(crate) async fn api_key(&self, scope: &str) -> String {
        let access = self.login().await.access;
        let request =
            CreateApiKey { scopes: vec![scope.to_owned()], ..CreateApiKey::new("nightly") };
        let created =
            self.testudo.auth().create_api_key(access.expose(), request, &Client::unknown()).await;
        created.unwrap().1.expose().clone()
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status and code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        (self.status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
    }
}

pub(crate) async fn send(app: &Router, request: Request<Body>) -> Answer {
    let (parts, body) = app.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) async fn get(app: &Router, path: &str, token: Option<&str>) -> Answer {
    send(app, with(Request::get(path), token)).await
}

pub(crate) async fn ask(app: &Router, method: Method, path: &str, token: Option<&str>) -> Answer {
    send(app, with(Request::builder().method(method).uri(path), token)).await
}

pub(crate) async fn post(app: &Router, path: &str, token: Option<&str>, body: &Value) -> Answer {
    say(app, Method::POST, path, token, body).await
}

pub(crate) async fn say(
    app: &Router,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: &Value,
) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = with(request.header("content-type", "application/json"), token);
    let (parts, _) = request.into_parts();
    send(app, Request::from_parts(parts, Body::from(body.to_string()))).await
}

pub(crate) async fn get_from(app: &Router, path: &str, peer: &str) -> Answer {
    let peer = std::net::SocketAddr::new(peer.parse().unwrap(), 4711);
    send(app, Request::get(path).extension(ConnectInfo(peer)).body(Body::empty()).unwrap()).await
}

fn with(request: Builder, token: Option<&str>) -> Request<Body> {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let request =
        bearer.into_iter().fold(request, |request, value| request.header(AUTHORIZATION, value));
    request.body(Body::empty()).unwrap()
}
