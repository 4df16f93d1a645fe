//! Closing an account, and opening it again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use zeroize::Zeroizing;

use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::Problem;

/// `POST /auth/account/close`
pub(super) async fn close(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    let closed = testudo.auth().close_account(presented.token(), &client).await;
    let closes_at = closed.map_err(|no| testudo.problem(no))?;
    Ok((StatusCode::ACCEPTED, Json(json!({"closes_at": closes_at}))).into_response())
}

/// `POST /auth/account/reopen`
pub(super) async fn reopen(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    testudo.auth().reopen_account(&token, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/unsubscribe`
pub(super) async fn unsubscribe(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    testudo.auth().unsubscribe(&token, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
