//! Closing an account, and opening it again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use zeroize::Zeroizing;

use super::Shared;
use super::bearer::Bearer;
use super::body::Fields;
use super::client::RequestClient;
use super::problem::Problem;

/// `POST /auth/account/close`
pub(super) async fn close(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
) -> Result<Response, Problem> {
    let closed = server.auth.close_account(bearer.token(), &client).await;
    let closes_at = closed.map_err(|no| server.problem(no))?;
    Ok((StatusCode::ACCEPTED, Json(json!({"closes_at": closes_at}))).into_response())
}

/// `POST /auth/account/reopen`
pub(super) async fn reopen(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    server.auth.reopen_account(&token, &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/unsubscribe`
pub(super) async fn unsubscribe(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    server.auth.unsubscribe(&token, &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
