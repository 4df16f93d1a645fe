//! Requests of other services.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::CurrentService;
use crate::problem::Code;
use utoipa::ToSchema;

/// What a service says its name is.
#[derive(Serialize, ToSchema)]
pub(super) struct ServiceView {
    service: Option<String>,
}

/// `GET /auth/service/whoami`
#[utoipa::path(
    get,
    path = "/service/whoami",
    tag = "service",
    params(("X-Service-Name" = Option<String>, Header, description = "What the service says it is", pattern = "^[A-Za-z0-9._-]{1,64}$")),
    responses((status = 200, description = "The name that the service gave", body = ServiceView)),
    security(("service_token" = [])),
    extensions(("x-codes" = json!([Code::RateLimited]))),
)]
pub(super) async fn whoami(CurrentService(name): CurrentService) -> Response {
    let service = name.map(|name| name.as_str().to_owned());
    Json(ServiceView { service }).into_response()
}
