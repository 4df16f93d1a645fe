//! What operators see of answers.
//!
//! | metric | labels | what it tells |
//! |---|---|---|
//! | [`REQUESTS`] | `method`, `route`, `status` | how many requests were answered |
//! | [`REQUEST_SECONDS`] | `method`, `route` | how long that took |
//!
//! A route is told as it was declared, `/auth/sessions/{id}`, and what matched none is `other`: nobody can make up
//! labels.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use metrics::{counter, histogram};

/// Counts requests that were answered.
pub const REQUESTS: &str = "http_requests_total";
/// How long answers took, in seconds.
pub const REQUEST_SECONDS: &str = "http_request_seconds";

const OTHER: &str = "other";

pub(crate) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER,
    }
}

pub(crate) fn route(request: &Request) -> String {
    let matched = request.extensions().get::<MatchedPath>();
    matched.map_or(OTHER, MatchedPath::as_str).to_owned()
}

pub(crate) fn answered(method: &'static str, route: String, status: StatusCode, took: Duration) {
    histogram!(REQUEST_SECONDS, "method" => method, "route" => route.clone()).record(took);
    let status = status.as_u16().to_string();
    counter!(REQUESTS, "method" => method, "route" => route, "status" => status).increment(1);
}
