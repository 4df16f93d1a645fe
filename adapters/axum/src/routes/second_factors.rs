//! One's own second factor: an authenticator app, and recovery codes for when it is lost.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::{Code, Problem};
use crate::views::{RecoveryCodesView, SecondFactorsView, TotpSeedView};

/// A code of the app whose key was shown.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct ConfirmBody {
    /// Six digits.
    code: String,
}

/// `GET /auth/totp`
#[utoipa::path(
    get,
    path = "/totp",
    tag = "second_factors",
    responses((status = 200, description = "What the account has", body = SecondFactorsView)),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::StepUpRequired]))),
)]
pub(super) async fn show(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    let factors = testudo.auth().second_factors(presented.token(), &client).await;
    let factors = factors.map_err(|no| testudo.problem(no))?;
    Ok(Json(SecondFactorsView::from(&factors)).into_response())
}

/// `POST /auth/totp/begin`
#[utoipa::path(
    post,
    path = "/totp/begin",
    tag = "second_factors",
    responses((status = 200, description = "The key for the app, shown this once", body = TotpSeedView)),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::StepUpRequired, Code::Forbidden]))),
)]
pub(super) async fn begin(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    let begun = testudo.auth().begin_totp(presented.token(), &client).await;
    let seed = begun.map_err(|no| testudo.problem(no))?;
    Ok(Json(TotpSeedView::from(&seed)).into_response())
}

/// `POST /auth/totp/confirm`
#[utoipa::path(
    post,
    path = "/totp/confirm",
    tag = "second_factors",
    request_body = ConfirmBody,
    responses((
        status = 200,
        description = "The app is the account's: its recovery codes, shown this once",
        body = RecoveryCodesView,
    )),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([
        Code::StepUpRequired,
        Code::Forbidden,
        Code::NotFound,
        Code::RateLimited,
    ]))),
)]
pub(super) async fn confirm(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    fields: Fields,
) -> Result<Response, Problem> {
    let code = fields.read(|fields| Zeroizing::new(fields.text("code")))?;
    let confirmed = testudo.auth().confirm_totp(presented.token(), &code, &client).await;
    let codes = confirmed.map_err(|no| testudo.problem(no))?;
    Ok(Json(RecoveryCodesView::from(codes.as_slice())).into_response())
}

/// `DELETE /auth/totp`
#[utoipa::path(
    delete,
    path = "/totp",
    tag = "second_factors",
    responses((status = 204, description = "The account has no app and no recovery codes any more")),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::StepUpRequired, Code::Forbidden, Code::NotFound]))),
)]
pub(super) async fn remove(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<StatusCode, Problem> {
    let removed = testudo.auth().remove_totp(presented.token(), &client).await;
    removed.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /auth/recovery-codes`
#[utoipa::path(
    post,
    path = "/recovery-codes",
    tag = "second_factors",
    responses((
        status = 200,
        description = "Other recovery codes, shown this once; those from before count no more",
        body = RecoveryCodesView,
    )),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::StepUpRequired, Code::NotFound]))),
)]
pub(super) async fn replace_recovery_codes(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
) -> Result<Response, Problem> {
    let replaced = testudo.auth().replace_recovery_codes(presented.token(), &client).await;
    let codes = replaced.map_err(|no| testudo.problem(no))?;
    Ok(Json(RecoveryCodesView::from(codes.as_slice())).into_response())
}
