//! E-mail addresses: showing that one is one's own, and moving to another.

use axum::extract::State;
use axum::http::StatusCode;
use zeroize::Zeroizing;

use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::Problem;

/// `POST /auth/email/verify/request`
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
pub(super) async fn undo_change(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let token = fields.read(|fields| Zeroizing::new(fields.text("token")))?;
    testudo.auth().undo_email_change(&token, &client).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
