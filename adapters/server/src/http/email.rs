//! E-mail addresses: showing that one is one's own, and moving to another.

use axum::extract::State;
use axum::http::StatusCode;
use zeroize::Zeroizing;

use super::Shared;
use super::bearer::Bearer;
use super::body::Fields;
use super::client::RequestClient;
use super::problem::Problem;

/// `POST /auth/email/verify/request`
pub(super) async fn request_verification(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
) -> Result<StatusCode, Problem> {
    let asked = server.auth.request_email_verification(bearer.token(), &client).await;
    asked.map_err(|no| server.problem(no))?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /auth/email/verify`
pub(super) async fn verify(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    server.auth.verify_email(&token, &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/email/change/request`
pub(super) async fn request_change(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let email = fields.read(|fields| fields.text("new_email"))?;
    let asked = server.auth.request_email_change(bearer.token(), &email, &client).await;
    asked.map_err(|no| server.problem(no))?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /auth/email/change`
pub(super) async fn change(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    server.auth.change_email(&token, &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/email/change/undo`
pub(super) async fn undo_change(
    State(server): Shared,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    server.auth.undo_email_change(&token, &client).await.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
