//! What every answer has in common: a request id, a log line, a bound on its time, safe headers.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use tracing::{Instrument as _, error, info, info_span, warn};

use crate::metrics;
use crate::problem::Problem;

/// How long a request may take. Far more than any needs: past it something hangs.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

const REQUEST_ID: &str = "x-request-id";

/// Runs a request inside a span of its own and finishes its answer: a layer for a whole router, by
/// [`from_fn`](axum::middleware::from_fn).
///
/// Every answer has an `x-request-id`, which also stands in the log line that the request gets, and headers
/// that keep caches and browsers from what is none of theirs. What takes longer than 30 seconds is given up
/// with 503; a panic is answered with 500 and says nothing of its cause. Answers are counted and timed, by method,
/// route and status: [`metrics`](crate::metrics).
///
/// ```
/// use axum::Router;
/// use axum::middleware::from_fn;
///
/// let app: Router = Router::new().layer(from_fn(testudo_axum::envelope));
/// ```
///
/// # Security
///
/// The span knows method and path and nothing of query, headers or body: those hold secrets.
pub async fn envelope(request: Request, next: Next) -> Response {
    let id = request_id();
    let (method, route) = (metrics::method(request.method()), metrics::route(&request));
    let span = info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
    );
    let answered = async move {
        let started = Instant::now();
        let mut response = answer(request, next).await;
        let latency = started.elapsed();
        metrics::answered(method, route, response.status(), latency);
        let latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
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
    harden(headers);
}

/// What browsers take for granted where nobody says otherwise; pages say it themselves.
fn harden(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Keeps every answer of the ready routes from caches, whoever mounts them: they hold tokens, or what only
/// their owner may see (ASVS 5.0 14.3.2), and differ by who asks.
pub(crate) async fn for_no_cache(
    State(vary): State<&'static str>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static(vary));
    harden(headers);
    response
}

/// Ours, never the client's: a name that a client could choose would be worth nothing in a log.
/// Without randomness it says nothing, and that is all that is lost.
fn request_id() -> HeaderValue {
    let random = getrandom::u64().unwrap_or_default();
    HeaderValue::try_from(format!("{random:016x}")).unwrap_or(HeaderValue::from_static("-"))
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, Response, StatusCode};
    use axum::middleware::from_fn;
    use axum::routing::{MethodRouter, get};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    fn enveloped(route: MethodRouter) -> Router {
        Router::new().route("/x", route).layer(from_fn(envelope))
    }

    async fn ask(router: Router) -> Response<Body> {
        router.oneshot(Request::get("/x").body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_panic_is_answered_and_says_nothing_of_its_cause() {
        let broken = async || -> StatusCode { panic!("the password was hunter2") };
        let response = ask(enveloped(get(broken))).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("x-request-id"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["code"], "unavailable");
        assert!(!body.to_string().contains("hunter2"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_given_up() {
        let endless = async || std::future::pending::<StatusCode>().await;
        let asked = tokio::time::Instant::now();
        let response = ask(enveloped(get(endless))).await;
        assert_eq!(asked.elapsed().as_secs(), 30);
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
    }
}
