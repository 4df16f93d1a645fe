//! Requests of other services.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use testudo::service::ServiceName;

use crate::CurrentService;

/// `GET /auth/service/whoami`
pub(super) async fn whoami(CurrentService(name): CurrentService) -> Response {
    Json(json!({"service": name.as_ref().map(ServiceName::as_str)})).into_response()
}
