//! Passwords: changing them, and getting a new one by mail.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use testudo::Secret;
use testudo::flow::{ChangePassword, ResetPassword};
use testudo::password::Password;
use testudo_tokio::no_sooner;

use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::{Code, Problem};
use utoipa::ToSchema;

/// The password that is to be replaced, and the new one.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct ChangeBody {
    current_password: String,
    new_password: String,
}

/// The address of an account.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct ForgotBody {
    email: String,
}

/// The token of the link in the mail, and a new password.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct ResetBody {
    token: String,
    new_password: String,
}

/// `POST /auth/password/change`
#[utoipa::path(
    post,
    path = "/password/change",
    tag = "password",
    request_body = ChangeBody,
    responses((status = 204, description = "It is changed, and the other sessions are over")),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::InvalidPassword, Code::RateLimited, Code::Overloaded]))),
)]
pub(super) async fn change(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let request = fields.read(|fields| ChangePassword {
        current: Password::new(fields.text("current_password")),
        new: Password::new(fields.text("new_password")),
    })?;
    let changed = testudo.auth().change_password(presented.token(), request, &client).await;
    changed.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// When the answer to a forgotten password comes: an account has a row more to write than none, which takes
/// a twentieth of a millisecond.
const ANSWERED_AFTER: Duration = Duration::from_millis(25);

/// `POST /auth/password/forgot`
#[utoipa::path(
    post,
    path = "/password/forgot",
    tag = "password",
    request_body = ForgotBody,
    responses((status = 202, description = "If there is such an account, it is sent a link")),
    extensions(("x-codes" = json!([Code::RateLimited]))),
)]
pub(super) async fn forgot(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let email = fields.read(|fields| fields.text("email"))?;
    let asked = testudo.auth().request_password_reset(&email, &client);
    no_sooner(ANSWERED_AFTER, asked).await.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::ACCEPTED)
}

/// `POST /auth/password/reset`
#[utoipa::path(
    post,
    path = "/password/reset",
    tag = "password",
    request_body = ResetBody,
    responses((status = 204, description = "The password is set, and all sessions are over")),
    extensions(("x-codes" = json!([Code::InvalidToken, Code::Overloaded]))),
)]
pub(super) async fn reset(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    fields: Fields,
) -> Result<StatusCode, Problem> {
    let request = fields.read(|fields| ResetPassword {
        token: Secret::new(fields.text("token")),
        new_password: Password::new(fields.text("new_password")),
    })?;
    let reset = testudo.auth().reset_password(request, &client).await;
    reset.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}
