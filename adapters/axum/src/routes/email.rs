//! E-mail addresses: showing that one is one's own, and moving to another.

use axum::extract::State;
use axum::http::StatusCode;
use zeroize::Zeroizing;

use crate::Testudo;
use crate::body::{Fields, LinkBody};
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::{Code, Problem};
use utoipa::ToSchema;

/// The address to move to.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct NewEmailBody {
    new_email: String,
}

/// `POST /auth/email/verify/request`
#[utoipa::path(
    post,
    path = "/email/verify/request",
    tag = "email",
    responses((status = 202, description = "A link is sent")),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::RateLimited]))),
)]
pub(super) async fn request_verification(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<StatusCode, Problem> {
    let asked = testudo.auth().request_email_verification(presented.token(), &client).await;
    asked.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /auth/email/verify`
#[utoipa::path(
    post,
    path = "/email/verify",
    tag = "email",
    request_body = LinkBody,
    responses((status = 204, description = "The address is verified")),
    extensions(("x-codes" = json!([Code::InvalidToken]))),
)]
pub(super) async fn verify(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    testudo.auth().verify_email(&token, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/email/change/request`
#[utoipa::path(
    post,
    path = "/email/change/request",
    tag = "email",
    request_body = NewEmailBody,
    responses((status = 202, description = "A link is sent to the new address")),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::StepUpRequired, Code::RateLimited]))),
)]
pub(super) async fn request_change(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let email = fields.read(|fields| fields.text("new_email"))?;
    let asked = testudo.auth().request_email_change(presented.token(), &email, &client).await;
    asked.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /auth/email/change`
#[utoipa::path(
    post,
    path = "/email/change",
    tag = "email",
    request_body = LinkBody,
    responses((status = 204, description = "The account has moved, and all sessions are over")),
    extensions(("x-codes" = json!([Code::InvalidToken, Code::Conflict]))),
)]
pub(super) async fn change(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    testudo.auth().change_email(&token, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/email/change/undo`
#[utoipa::path(
    post,
    path = "/email/change/undo",
    tag = "email",
    request_body = LinkBody,
    responses((status = 204, description = "The account is back, its password works no longer, and all sessions are over")),
    extensions(("x-codes" = json!([Code::InvalidToken, Code::Conflict]))),
)]
pub(super) async fn undo_change(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    testudo.auth().undo_email_change(&token, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
