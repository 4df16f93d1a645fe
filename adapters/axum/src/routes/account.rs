//! Closing an account, and opening it again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use testudo::Timestamp;
use zeroize::Zeroizing;

use crate::Testudo;
use crate::body::{Fields, LinkBody};
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::{Code, Problem};
use utoipa::ToSchema;

/// When a closed account is removed.
#[derive(Serialize, ToSchema)]
pub(super) struct ClosedView {
    #[schema(value_type = String, format = DateTime)]
    closes_at: Timestamp,
}

/// `POST /auth/account/close`
#[utoipa::path(
    post,
    path = "/account/close",
    tag = "account",
    responses((status = 202, description = "It is closed, and all sessions are over", body = ClosedView)),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::StepUpRequired]))),
)]
pub(super) async fn close(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    let closed = testudo.auth().close_account(presented.token(), &client).await;
    let closes_at = closed.map_err(|no| testudo.problem(no))?;
    Ok((StatusCode::ACCEPTED, Json(ClosedView { closes_at })).into_response())
}

/// `POST /auth/account/reopen`
#[utoipa::path(
    post,
    path = "/account/reopen",
    tag = "account",
    request_body = LinkBody,
    responses((status = 204, description = "It is open again")),
    extensions(("x-codes" = json!([Code::InvalidToken]))),
)]
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
#[utoipa::path(
    post,
    path = "/unsubscribe",
    tag = "account",
    request_body = LinkBody,
    responses((status = 204, description = "There will be no more such mail")),
    extensions(("x-codes" = json!([Code::InvalidToken]))),
)]
pub(super) async fn unsubscribe(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    testudo.auth().unsubscribe(&token, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
