//! API keys: making, listing, revoking and using them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testudo::Duration;
use testudo::flow::{ApiKeyPage, CreateApiKey};

use super::Shared;
use super::bearer::Bearer;
use super::body::Fields;
use super::client::RequestClient;
use super::problem::Problem;
use crate::views::{ApiKeysView, NewApiKeyView, UsedApiKeyView};

/// `POST /auth/api-keys`
pub(super) async fn create(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
    fields: Fields,
) -> Result<Response, Problem> {
    let request = fields.read(|fields| CreateApiKey {
        name: fields.text("name"),
        scopes: fields.texts("scopes"),
        expires_in: fields.optional_number("expires_in").map(Duration::from_secs),
    })?;
    let created = server.auth.create_api_key(bearer.token(), request, &client).await;
    let (key, secret) = created.map_err(|no| server.problem(no))?;
    Ok((StatusCode::CREATED, Json(NewApiKeyView::new(&key, &secret))).into_response())
}

/// `GET /auth/api-keys`
pub(super) async fn list(State(server): Shared, bearer: Bearer) -> Result<Response, Problem> {
    let listed = server.auth.list_api_keys(bearer.token(), ApiKeyPage::default()).await;
    let keys = listed.map_err(|no| server.problem(no))?;
    Ok(Json(ApiKeysView::from(keys.as_slice())).into_response())
}

/// `DELETE /auth/api-keys/{id}`
pub(super) async fn revoke(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = server.named(&id, &bearer).await?;
    let revoked = server.auth.revoke_api_key(bearer.token(), id, &client).await;
    revoked.map_err(|no| server.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /auth/api-keys/whoami`
pub(super) async fn whoami(
    State(server): Shared,
    RequestClient(client): RequestClient,
    bearer: Bearer,
) -> Result<Response, Problem> {
    let used = server.auth.authenticate_api_key(bearer.token(), None, &client).await;
    let key = used.map_err(|no| server.problem(no))?;
    Ok(Json(UsedApiKeyView::from(&key)).into_response())
}
