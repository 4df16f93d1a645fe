//! The ready routes: which path is answered by whom.

mod account;
mod api_keys;
mod email;
mod invitations;
mod password;
mod service;
mod sessions;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::Testudo;
use crate::envelope::for_no_cache;
use crate::problem::Problem;
use crate::renew::renew;

impl Testudo {
    /// The JSON routes, to be nested anywhere; `/auth` is where clients of the server find them.
    ///
    /// What each takes and answers stands in the project's `docs/http.md`. They need no layer around them,
    /// and are the better for [`envelope`](crate::envelope).
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (refresh, vary) = match self.cookies() {
            None => (post(sessions::refresh), "authorization"),
            Some(_) => (post(sessions::refresh_cookies), "authorization, cookie"),
        };
        router()
            .route("/refresh", refresh)
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(async || Problem::method_not_allowed())
            .layer(from_fn_with_state(self.clone(), renew))
            .layer(from_fn_with_state(vary, for_no_cache))
            .with_state(self.clone())
    }
}

fn router() -> Router<Testudo> {
    Router::new()
        .route("/login", post(sessions::login))
        .route("/logout", post(sessions::logout))
        .route("/logout-all", post(sessions::logout_all))
        .route("/me", get(sessions::me))
        .route("/sessions", get(sessions::sessions))
        .route("/sessions/{id}", delete(sessions::revoke_session))
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
        .route("/service/whoami", get(service::whoami))
}
