//! Which path is answered by whom.

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use testudo_axum::{Problem, Testudo, envelope, healthz, published_keys};

use crate::measurements::Measurements;

/// All routes, and what all answers have in common, those to unknown paths and wrong methods included.
pub(super) fn router(testudo: Testudo, measurements: Measurements) -> Router {
    Router::new()
        .nest("/auth", testudo.routes())
        .route("/healthz", get(healthz))
        .route("/.well-known/jwks.json", get(published_keys))
        .route("/metrics", get(async move || measurements.answer()))
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::method_not_allowed())
        .layer(from_fn(envelope))
        .with_state(testudo)
}
