//! API keys: making, listing, revoking and using them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testudo::Duration;
use testudo::flow::{ApiKeyPage, CreateApiKey};

use crate::CurrentApiKey;
use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::problem::Problem;
use crate::views::{ApiKeysView, NewApiKeyView, UsedApiKeyView};

/// `POST /auth/api-keys`
pub(super) async fn create(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    fields: Fields,
) -> Result<Response, Problem> {
    let request = fields.read(|fields| CreateApiKey {
        name: fields.text("name"),
        scopes: fields.texts("scopes"),
        expires_in: fields.optional_number("expires_in").map(Duration::from_secs),
    })?;
    let created = testudo.auth().create_api_key(presented.token(), request, &client).await;
    let (key, secret) = created.map_err(|no| testudo.problem(no))?;
    Ok((StatusCode::CREATED, Json(NewApiKeyView::new(&key, &secret))).into_response())
}

/// `GET /auth/api-keys`
pub(super) async fn list(
    State(testudo): State<Testudo>,
    presented: Presented,
) -> Result<Response, Problem> {
    let listed = testudo.auth().list_api_keys(presented.token(), ApiKeyPage::default()).await;
    let keys = listed.map_err(|no| testudo.problem(no))?;
    Ok(Json(ApiKeysView::from(keys.as_slice())).into_response())
}

/// `DELETE /auth/api-keys/{id}`
pub(super) async fn revoke(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = testudo.named(&id, &presented).await?;
    let revoked = testudo.auth().revoke_api_key(presented.token(), id, &client).await;
    revoked.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /auth/api-keys/whoami`
pub(super) async fn whoami(CurrentApiKey(key): CurrentApiKey) -> Response {
    Json(UsedApiKeyView::from(&key)).into_response()
}
