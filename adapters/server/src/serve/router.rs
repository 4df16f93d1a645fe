//! Which path is answered by whom.

use axum::extract::State;
use axum::http::header;
use axum::middleware::from_fn;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use testudo_axum::{Cookies, Problem, Testudo, envelope};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::measurements::Measurements;

/// All routes, and what all answers have in common, those to unknown paths and wrong methods included.
pub(super) fn router(
    testudo: Testudo,
    pages: Option<(String, Cookies)>,
    measurements: Measurements,
) -> Router {
    let (router, document) = OpenApiRouter::with_openapi(testudo_axum::openapi("/auth"))
        .routes(routes!(healthz))
        .routes(routes!(published_keys))
        .routes(routes!(metrics))
        .routes(routes!(openapi))
        .split_for_parts();
    let document = Document(document.to_json().unwrap_or_default());
    let router = router
        .nest("/auth", testudo.routes())
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    // Where there are pages, they say what is at no path.
    let router = match pages {
        Some((path, cookies)) => router.merge(testudo.pages_below(&path, cookies)),
        None => router.fallback(async || Problem::not_found()),
    };
    router
        .layer(Extension(document))
        .layer(Extension(measurements))
        .layer(from_fn(envelope))
        .with_state(testudo)
}

/// The OpenAPI document of all routes.
#[derive(Clone)]
struct Document(String);

/// Whether the store answers.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "server",
    responses(
        (status = 200, description = "It does", body = Health),
        (
            status = 503,
            description = "It does not",
            body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = String)),
        ),
    ),
)]
async fn healthz(testudo: State<Testudo>) -> Result<Response, Problem> {
    testudo_axum::healthz(testudo).await
}

/// The keys that verify access tokens (RFC 7517), none of opaque ones.
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "server",
    responses((
        status = 200,
        description = "A JWK set",
        body = Keys,
        content_type = "application/jwk-set+json",
    )),
)]
async fn published_keys(testudo: State<Testudo>) -> Response {
    testudo_axum::published_keys(testudo).await
}

/// What was measured since the start.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    responses((
        status = 200,
        description = "The text format of Prometheus",
        body = String,
        content_type = "text/plain",
    )),
)]
async fn metrics(Extension(measurements): Extension<Measurements>) -> Response {
    measurements.answer()
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)),
)]
async fn openapi(Extension(Document(document)): Extension<Document>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document).into_response()
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes an answer")]
struct Health {
    status: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes an answer")]
struct Keys {
    #[schema(value_type = Vec<Object>)]
    keys: (),
}
