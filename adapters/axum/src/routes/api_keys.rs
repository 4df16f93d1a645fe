//! API keys: making, listing, revoking and using them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use testudo::Duration;
use testudo::flow::{ApiKeyPage, CreateApiKey};

use crate::CurrentApiKey;
use crate::Testudo;
use crate::body::Fields;
use crate::client::RequestClient;
use crate::credentials::Presented;
use crate::in_path::InPath;
use crate::problem::{Code, Problem};
use crate::views::{ApiKeysView, NewApiKeyView, UsedApiKeyView};
use utoipa::ToSchema;

/// What the key is called and good for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct NewApiKeyBody {
    name: String,
    /// Of those that the operator declares.
    scopes: Option<Vec<String>>,
    /// In seconds; without it the key has no end.
    #[schema(minimum = 0)]
    expires_in: Option<u64>,
}

/// `POST /auth/api-keys`
#[utoipa::path(
    post,
    path = "/api-keys",
    tag = "api_keys",
    request_body = NewApiKeyBody,
    responses((status = 201, description = "The key, shown this once, and its record", body = NewApiKeyView)),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::StepUpRequired, Code::Conflict]))),
)]
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
#[utoipa::path(
    get,
    path = "/api-keys",
    tag = "api_keys",
    responses((status = 200, description = "The 100 newest", body = ApiKeysView)),
    security(("access_token" = [])),
)]
pub(super) async fn list(
    State(testudo): State<Testudo>,
    presented: Presented,
) -> Result<Response, Problem> {
    let listed = testudo.auth().list_api_keys(presented.token(), ApiKeyPage::default()).await;
    let keys = listed.map_err(|no| testudo.problem(no))?;
    Ok(Json(ApiKeysView::from(keys.as_slice())).into_response())
}

/// `DELETE /auth/api-keys/{id}`
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    tag = "api_keys",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is good for nothing any more")),
    security(("access_token" = [])),
    extensions(("x-codes" = json!([Code::NotFound]))),
)]
pub(super) async fn revoke(
    State(testudo): State<Testudo>,
    RequestClient(client): RequestClient,
    presented: Presented,
    id: InPath,
) -> Result<StatusCode, Problem> {
    let id = testudo.named(id, &presented).await?;
    let revoked = testudo.auth().revoke_api_key(presented.token(), id, &client).await;
    revoked.map_err(|no| testudo.problem(no))?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /auth/api-keys/whoami`
#[utoipa::path(
    get,
    path = "/api-keys/whoami",
    tag = "api_keys",
    responses((status = 200, description = "The key that was sent", body = UsedApiKeyView)),
    security(("api_key" = [])),
)]
pub(super) async fn whoami(CurrentApiKey(key): CurrentApiKey) -> Response {
    Json(UsedApiKeyView::from(&key)).into_response()
}
