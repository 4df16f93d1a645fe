//! The HTTP interface: which path is answered by whom.

mod account;
mod api_keys;
mod bearer;
mod body;
mod client;
mod email;
mod envelope;
mod invitations;
mod password;
mod problem;
mod routes;
mod service;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post};
use testudo::service::ServiceTokens;
use testudo::token::jwt::JwkSet;
use testudo_driver::Auth;
use testudo_driver::SharedStore;
use testudo_tokio::HashingPool;

pub(crate) use client::Peer;

use problem::{Code, Problem};

/// What every route works with.
pub(crate) struct Server {
    pub(crate) auth: Arc<Auth<SharedStore, HashingPool>>,
    /// What others verify access tokens with.
    pub(crate) published_keys: JwkSet,
    /// What other services present.
    pub(crate) services: ServiceTokens,
    /// Whether users may invite others.
    pub(crate) users_invite: bool,
    /// How many proxies stand in front, each adding to `X-Forwarded-For`.
    pub(crate) trusted_proxies: usize,
}

type Shared = State<Arc<Server>>;

/// All routes. Requests must carry their [`Peer`] as an extension.
pub(crate) fn router(server: Server) -> Router {
    let auth = Router::new()
        .route("/login", post(routes::login))
        .route("/refresh", post(routes::refresh))
        .route("/logout", post(routes::logout))
        .route("/logout-all", post(routes::logout_all))
        .route("/me", get(routes::me))
        .route("/sessions", get(routes::sessions))
        .route("/sessions/{id}", delete(routes::revoke_session))
        .route("/password/change", post(password::change))
        .route("/password/forgot", post(password::forgot))
        .route("/password/reset", post(password::reset))
        .route("/email/verify/request", post(email::request_verification))
        .route("/email/verify", post(email::verify))
        .route("/email/change/request", post(email::request_change))
        .route("/email/change", post(email::change))
        .route("/email/change/undo", post(email::undo_change))
        .route("/account/close", post(account::close))
        .route("/account/reopen", post(account::reopen))
        .route("/unsubscribe", post(account::unsubscribe))
        .route("/invitations", get(invitations::list).post(invitations::invite))
        .route("/invitations/{id}", delete(invitations::revoke))
        .route("/invitations/accept", post(invitations::accept))
        .route("/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/api-keys/{id}", delete(api_keys::revoke))
        .route("/api-keys/whoami", get(api_keys::whoami))
        .route("/service/whoami", get(service::whoami));
    let routes = Router::new()
        .nest("/auth", auth)
        .route("/healthz", get(routes::healthz))
        .route("/.well-known/jwks.json", get(routes::published_keys))
        .with_state(Arc::new(server));
    in_envelope(routes)
}

/// Adds what all answers have in common, those to unknown paths and wrong methods included.
fn in_envelope(routes: Router) -> Router {
    routes
        .fallback(async || Problem::new(Code::NotFound, "there is nothing at this path"))
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn(envelope::envelope))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, Response, StatusCode};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    async fn ask(router: Router) -> Response<Body> {
        router.oneshot(Request::get("/x").body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_says_nothing_of_its_cause() {
        let broken = async || -> StatusCode { panic!("the password was hunter2") };
        let response = ask(in_envelope(Router::new().route("/x", get(broken)))).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("x-request-id"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "unavailable");
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_given_up() {
        let endless = async || std::future::pending::<StatusCode>().await;
        let asked = tokio::time::Instant::now();
        let response = ask(in_envelope(Router::new().route("/x", get(endless)))).await;
        assert_eq!(asked.elapsed().as_secs(), 30);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
    }
}
