//! An application with a state of its own, and a layer of each kind: users, a fresh sign-in, programs with API
//! keys, other services, a limit, and errors as the application words them.
//!
//! `cargo run -p testudo-axum --example full` asks itself all of it and says what came back; with an address,
//! such as `127.0.0.1:3000`, it serves there instead.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRef, State};
use axum::http::{Request, header};
use axum::middleware::{from_fn, map_response};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use testudo::flow::{CreateApiKey, Login, RegisterUser};
use testudo::model::AttemptLimit;
use testudo::password::HasherChain;
use testudo::{Client, Duration, KeyRing, Policy, Settings};
use testudo_axum::{
    Claims, CurrentApiKey, CurrentService, CurrentUser, MaybeUser, Problem, Testudo, envelope,
    limit, require_auth, require_fresh, require_scope, require_service,
};
use testudo_driver::Auth;
use testudo_memory::MemoryStore;
use testudo_tokio::HashingPool;
use tower::ServiceExt as _;

/// What the application's routes work with: its own things, and authentication.
#[derive(Clone)]
struct App {
    testudo: Testudo,
    motto: &'static str,
}

impl FromRef<App> for Testudo {
    fn from_ref(app: &App) -> Self {
        app.testudo.clone()
    }
}

/// What travels with each session here.
#[derive(Deserialize)]
struct Tenant {
    tenant: String,
}

fn router(app: App) -> Router {
    let testudo = &app.testudo;
    let often = Duration::from_minutes(1);
    let thirty =
        AttemptLimit { attempts: 30, window: often, lock: Duration::ZERO, hard_stop: None };
    let users = Router::new()
        .route("/account", get(account))
        .route("/invoices", get(invoices))
        .route_layer(require_auth(testudo));
    let careful = Router::new()
        .route("/payout", post(payout))
        .route_layer(require_fresh(testudo, Duration::from_minutes(5)));
    let programs = Router::new()
        .route("/reports", get(reports))
        .route_layer(require_scope(testudo, "reports:read"));
    let services =
        Router::new().route("/internal", get(internal)).route_layer(require_service(testudo));
    let everybody = Router::new().route("/", get(home)).route_layer(limit(testudo, thirty, "home"));
    Router::new()
        .merge(users)
        .merge(careful)
        .merge(programs)
        .merge(services)
        .merge(everybody)
        .layer(map_response(for_people))
        .nest("/auth", testudo.routes())
        .fallback(async || Problem::not_found())
        .layer(from_fn(envelope))
        .with_state(app)
}

async fn home(State(app): State<App>, MaybeUser(user): MaybeUser) -> String {
    let name = user.map_or_else(|| "stranger".to_owned(), |user| user.email.to_string());
    format!("Hello, {name}. {}", app.motto)
}

async fn account(CurrentUser(user): CurrentUser) -> Json<Value> {
    Json(json!({"email": user.email.as_str(), "verified": user.is_verified}))
}

async fn invoices(Claims(Tenant { tenant }): Claims<Tenant>) -> String {
    format!("the invoices of {tenant}")
}

async fn payout(CurrentUser(user): CurrentUser) -> String {
    format!("paid to {}", user.email)
}

async fn reports(CurrentApiKey(key): CurrentApiKey) -> String {
    format!("the reports, for the key {:?} of user {}", key.name, key.user)
}

async fn internal(CurrentService(name): CurrentService) -> String {
    format!("for the service {:?}", name.as_ref().map(|name| name.as_str()))
}

/// An error page of one's own: the status and the headers stay as they are.
async fn for_people(response: Response) -> Response {
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/problem+json");
    if !is_problem {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    let page = Html(format!("<!doctype html><h1>{}</h1>", parts.status));
    let (mut answer, body) = page.into_response().into_parts();
    answer.status = parts.status;
    answer.headers.extend(parts.headers);
    Response::from_parts(answer, body)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    const SERVICE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
    let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
    let settings = Settings::new(Policy::default(), keys).map_err(|_| "unfit policy")?;
    let settings = settings.with_api_key_scopes(["reports:read"]);
    let hashing = HashingPool::new(HasherChain::standard());
    let testudo = Testudo::new(Auth::new(MemoryStore::new(), hashing, settings));
    let testudo = testudo.services(SERVICE.parse()?);

    let (here, auth) = (Client::unknown(), testudo.auth());
    let (email, password) = ("ada@example.com", "correct horse battery");
    auth.register_user(RegisterUser::new(email, password.into()), &here).await?;
    // Applications that want claims in their sessions sign in by a route of their own, as here.
    let claims = json!({"tenant": "Lovelace & Co."}).as_object().cloned().unwrap_or_default();
    let login = Login { claims, ..Login::new(email, password.into()) };
    let access = auth.login(login, &here).await?.signed_in()?.tokens.access;
    let request =
        CreateApiKey { scopes: vec!["reports:read".to_owned()], ..CreateApiKey::new("nightly") };
    let (_, key) = auth.create_api_key(access.expose(), request, &here).await?;

    let app = router(App { testudo: testudo.clone(), motto: "Slow and steady." });
    if let Some(address) = std::env::args().nth(1) {
        let listener = tokio::net::TcpListener::bind(address).await?;
        axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
        return Ok(());
    }
    for (method, path, token) in [
        ("GET", "/", None),
        ("GET", "/", Some(access.expose().as_str())),
        ("GET", "/account", None),
        ("GET", "/account", Some(access.expose())),
        ("GET", "/invoices", Some(access.expose())),
        ("POST", "/payout", Some(access.expose())),
        ("GET", "/reports", Some(key.expose())),
        ("GET", "/reports", Some(access.expose())),
        ("GET", "/internal", Some(SERVICE)),
    ] {
        let peer = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711)));
        let mut request = Request::builder().method(method).uri(path).extension(peer);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = app.clone().oneshot(request.body(Body::empty())?).await?;
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await?;
        say(&format!("{method} {path}: {status} {}", String::from_utf8_lossy(&body)));
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "an example shows what it does")]
fn say(line: &str) {
    println!("{line}");
}
