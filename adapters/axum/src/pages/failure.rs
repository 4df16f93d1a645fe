//! What ends a request before its page.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::problem::{Code, Problem};

/// Another answer than the page that was asked for: somewhere else to go, or what went wrong.
pub(super) struct Failure(Box<Response>);

impl Failure {
    /// Where not even a page can be written.
    pub(super) fn bare(problem: &Problem) -> Self {
        let (title, text) = words(problem);
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1><p>{text}</p>"
        );
        Self::from((problem.status(), Html(html)).into_response())
    }
}

impl From<Response> for Failure {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        *self.0
    }
}

/// Title and text of a page that tells a problem.
pub(super) fn words(problem: &Problem) -> (&'static str, &'static str) {
    match (problem.code(), problem.status()) {
        (Code::NotFound, _) => {
            ("Page not found", "There is nothing at this address. Check that it is complete.")
        }
        (Code::Forbidden, _) => (
            "This form is out of date",
            "It was opened before you signed in or out, or in another browser, or somewhere else. Go back, reload the \
             page, and try again.",
        ),
        (_, StatusCode::METHOD_NOT_ALLOWED) => {
            ("Page not found", "This address is not for looking at.")
        }
        (Code::Overloaded | Code::Unavailable, _) => (
            "Not available",
            "The service cannot answer now. Nothing was changed. Try again in a moment.",
        ),
        (Code::RateLimited, _) => ("Too many attempts", "Wait a little, then try again."),
        _ => ("That did not work", "The request could not be read. Go back, and try again."),
    }
}
