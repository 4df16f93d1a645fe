//! The routes, one function each: read the request, run the flow, show the outcome.

use std::str::FromStr;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use testudo::Refusal;
use testudo::flow::{Login, SessionPage};
use testudo::model::JsonObject;
use testudo::password::Password;
use testudo_driver::{AuthError, Store as _};
use zeroize::Zeroizing;

use super::bearer::Bearer;
use super::body::Fields;
use super::client::RequestClient;
use super::problem::Problem;
use super::{Server, Shared};
use crate::views::{SessionsView, SignInView, TokensView, UserView};

/// `POST /auth/login`
pub(super) async fn login(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<Response, Problem> {
    let request = fields.read(|fields| Login {
        email: fields.text("email"),
        password: Password::new(fields.text("password")),
        new_password: fields.optional_text("new_password").map(Password::new),
        remember: fields.flag("remember"),
        claims: JsonObject::new(),
    })?;
    let signed_in = server.auth.login(request, &client).await.map_err(|no| server.problem(no))?;
    Ok(Json(SignInView::completed(&signed_in)).into_response())
}

/// `POST /auth/refresh`
pub(super) async fn refresh(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<Response, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("refresh_token")))?;
    let refreshed = server.auth.refresh(&token, &client).await.map_err(|no| server.problem(no))?;
    Ok(Json(TokensView::from(&refreshed.tokens)).into_response())
}

/// `POST /auth/logout`
pub(super) async fn logout(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
) -> Result<StatusCode, Problem> {
    server.auth.logout(bearer.token(), &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/logout-all`
pub(super) async fn logout_all(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
) -> Result<StatusCode, Problem> {
    server.auth.logout_all(bearer.token(), &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /auth/me`
pub(super) async fn me(State(server): Shared, bearer: Bearer) -> Result<Response, Problem> {
    let (_, user) =
        server.auth.authenticate_user(bearer.token()).await.map_err(|no| server.problem(no))?;
    Ok(Json(UserView::from(&user)).into_response())
}

/// `GET /auth/sessions`
pub(super) async fn sessions(State(server): Shared, bearer: Bearer) -> Result<Response, Problem> {
    let page = SessionPage::default();
    let listed = server.auth.list_sessions(bearer.token(), page).await;
    let sessions = listed.map_err(|no| server.problem(no))?;
    Ok(Json(SessionsView::from(&sessions)).into_response())
}

/// `DELETE /auth/sessions/{id}`
pub(super) async fn revoke_session(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = server.named(&id, &bearer).await?;
    let ended = server.auth.revoke_session(bearer.token(), id, &client).await;
    ended.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /healthz`: whether the store answers.
pub(super) async fn healthz(State(server): Shared) -> Result<Response, Problem> {
    server.auth.store().ping().await.map_err(|fault| Problem::fault(&fault))?;
    Ok(Json(json!({"status": "ok"})).into_response())
}

/// `GET /.well-known/jwks.json`: the keys that verify access tokens (RFC 7517 5); none of opaque ones.
///
/// Caches may keep it for as long as a rotation takes to reach every node.
pub(super) async fn published_keys(State(server): Shared) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, Json(&server.published_keys)).into_response()
}

impl Server {
    /// What a path names. The token is looked at before an id that is none: who has no token learns nothing
    /// of either.
    pub(super) async fn named<T: FromStr>(&self, id: &str, bearer: &Bearer) -> Result<T, Problem> {
        match id.parse() {
            Ok(id) => Ok(id),
            Err(_) => {
                let authenticated = self.auth.authenticate(bearer.token()).await;
                let refused = authenticated.err().unwrap_or(Refusal::NotFound.into());
                Err(self.problem(refused))
            }
        }
    }

    pub(super) fn problem(&self, error: AuthError) -> Problem {
        Problem::of(error, self.auth.settings().policy())
    }
}
