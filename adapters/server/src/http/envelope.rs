//! What every answer has in common: a request id, a log line, a bound on its time, safe headers.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use tracing::{Instrument as _, error, info, info_span, warn};

use super::problem::Problem;

/// How long a request may take. Far more than any needs: past it something hangs.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

const REQUEST_ID: &str = "x-request-id";

/// Runs a request inside a span of its own and finishes its answer.
///
/// The span knows method and path and nothing of query, headers or body: those hold secrets.
pub(super) async fn envelope(request: Request, next: Next) -> Response {
    let id = request_id();
    let span = info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
    );
    let answered = async move {
        let started = Instant::now();
        let mut response = answer(request, next).await;
        let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        info!(status = response.status().as_u16(), latency_ms, "answered");
        finish(&mut response, id);
        response
    };
    answered.instrument(span).await
}

/// The answer, whatever happens. Dropping a request half-way is always safe: nothing is granted
/// before it is committed.
async fn answer(request: Request, next: Next) -> Response {
    let running = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(REQUEST_TIMEOUT, running).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => {
            // The panic hook has told where.
            error!("a request panicked");
            Problem::internal().into_response()
        }
        Err(_elapsed) => {
            warn!("a request was given up after {REQUEST_TIMEOUT:?}");
            Problem::unavailable().into_response()
        }
    }
}

/// Nothing here is for caches (RFC 9111 5.2.2.5), unless its route says so, nor for a browser to interpret.
fn finish(response: &mut Response, id: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Ours, never the client's: a name that a client could choose would be worth nothing in a log.
/// Without randomness it says nothing, and that is all that is lost.
fn request_id() -> HeaderValue {
    let random = getrandom::u64().unwrap_or_default();
    HeaderValue::try_from(format!("{random:016x}")).unwrap_or(HeaderValue::from_static("-"))
}
