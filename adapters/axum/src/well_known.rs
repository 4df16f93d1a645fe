//! What is for machines, and stands outside of the routes: mount it where they look for it.

use axum::Json;
use axum::extract::State;
#[cfg(feature = "jwt-signatures")]
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use testudo_driver::Store as _;

use crate::Testudo;
use crate::problem::Problem;

/// Whether the store answers: 200 `{"status": "ok"}`, or 503. Usually at `/healthz`.
///
/// # Errors
///
/// A problem of the code `unavailable` or `overloaded`.
pub async fn healthz(State(testudo): State<Testudo>) -> Result<Response, Problem> {
    testudo.auth().store().ping().await.map_err(|fault| Problem::fault(&fault))?;
    Ok(Json(json!({"status": "ok"})).into_response())
}

/// The keys that verify access tokens (RFC 7517 5), none of opaque ones: what [`Testudo::publishing`] was
/// given. Usually at `/.well-known/jwks.json`.
///
/// Caches may keep it for as long as a rotation takes to reach every node.
#[cfg(feature = "jwt-signatures")]
pub async fn published_keys(State(testudo): State<Testudo>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/jwk-set+json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    (headers, Json(&*testudo.published_keys)).into_response()
}
