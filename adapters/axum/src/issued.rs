//! Tokens on their way to the client: the one place that knows how they get there.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use testudo::flow::{Refreshed, SignedIn};

use crate::views::{SignInView, TokensView};

/// The answer to who signed in: user and tokens.
pub(crate) fn signed_in(signed_in: &SignedIn) -> Response {
    Json(SignInView::completed(signed_in)).into_response()
}

/// The answer to who refreshed: the next pair.
pub(crate) fn refreshed(refreshed: &Refreshed) -> Response {
    Json(TokensView::from(&refreshed.tokens)).into_response()
}

/// The answer to who signed out: the client has tokens that are worth nothing any more.
pub(crate) fn signed_out() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
