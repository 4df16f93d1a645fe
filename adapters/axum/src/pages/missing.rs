//! What is at no path.

use axum::extract::FromRequestParts as _;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse as _, Response};

use super::Pages;
use super::browser::Browser;
use crate::problem::Problem;

/// There is nothing at a path: people are told by a page, programs by a problem.
pub(super) async fn page(state: State<Pages>, request: Request) -> Response {
    tell(state, request, Problem::not_found()).await
}

/// A path does not take a method.
pub(super) async fn method(state: State<Pages>, request: Request) -> Response {
    tell(state, request, Problem::method_not_allowed()).await
}

async fn tell(State(pages): State<Pages>, request: Request, problem: Problem) -> Response {
    if !wants_page(request.headers()) {
        return problem.into_response();
    }
    let (mut parts, _) = request.into_parts();
    match Browser::from_request_parts(&mut parts, &pages).await {
        Ok(browser) => browser.fail_as(&problem).into_response(),
        Err(failure) => failure.into_response(),
    }
}

/// Browsers name HTML first of all; programs that take anything name nothing in particular.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|line| line.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}
