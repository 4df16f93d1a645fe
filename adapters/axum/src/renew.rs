//! Keeping browsers signed in.

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use testudo::flow::Refreshed;
use testudo::{Refusal, Secret};
use testudo_driver::AuthError;

use crate::Testudo;
use crate::client::request_client;
use crate::cookies::Cookies;
use crate::issued;
use crate::problem::Problem;

/// The access token that a request was given on its way here.
#[derive(Clone)]
pub(crate) struct Renewed(pub(crate) Secret<String>);

/// Refreshes the cookies of browsers whose access token is over, and carries their requests out with the new one.
/// For [`from_fn_with_state`](axum::middleware::from_fn_with_state), around whatever takes cookies; the
/// [ready routes](Testudo::routes) have it.
///
/// ```
/// # use axum::{Router, middleware::from_fn_with_state, routing::get};
/// # use testudo_axum::{CurrentUser, Testudo, renew};
/// # fn app(testudo: Testudo) -> Router {
/// Router::new()
///     .route("/", get(async |CurrentUser(user): CurrentUser| format!("Hello, {}", user.email)))
///     .layer(from_fn_with_state(testudo.clone(), renew))
///     .with_state(testudo)
/// # }
/// ```
///
/// Several requests of one browser may come at once: within the grace of a refresh all get the same tokens. A browser
/// whose session is over has its cookies taken, and is nobody.
pub async fn renew(State(testudo): State<Testudo>, request: Request, next: Next) -> Response {
    let Some(cookies) = testudo.cookies() else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let Some(token) = stale(&parts, cookies) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let client = request_client(&mut parts, &testudo).await;
    let refreshed = testudo.auth().refresh(token.expose(), &client).await;
    if let Ok(refreshed) = &refreshed {
        parts.extensions.insert(Renewed(refreshed.tokens.access.clone()));
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    // Who signed in or out in between has said what becomes of the cookies.
    if !cookies.are_set_by(&response)
        && let Err(problem) = settle(&testudo, cookies, &mut response, refreshed)
    {
        return axum::response::IntoResponse::into_response(problem);
    }
    response
}

/// The refresh token of a browser that has no access token any more.
fn stale(parts: &Parts, cookies: &Cookies) -> Option<Secret<String>> {
    let is_settled =
        parts.headers.contains_key(AUTHORIZATION) || parts.extensions.get::<Renewed>().is_some();
    let is_stale = !is_settled && matches!(cookies.access(&parts.headers), Ok(None));
    // What is malformed is refused below.
    if is_stale { cookies.refresh(&parts.headers).ok().flatten() } else { None }
}

fn settle(
    testudo: &Testudo,
    cookies: &Cookies,
    response: &mut Response,
    refreshed: Result<Refreshed, AuthError>,
) -> Result<(), Problem> {
    match refreshed {
        Ok(refreshed) => issued::hand_over(testudo, cookies, response, &refreshed),
        Err(AuthError::Refused(
            Refusal::InvalidToken | Refusal::ExpiredToken | Refusal::RevokedToken,
        )) => cookies.clear(response),
        // The store, or a limit: the next request tries again.
        Err(_) => Ok(()),
    }
}
