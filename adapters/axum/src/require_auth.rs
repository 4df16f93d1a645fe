//! Routes for users only.

use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Redirect, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::Testudo;
use crate::current::authenticate_user;
use crate::layer::{Check, layer};
use crate::next::safe_next;
use crate::problem::Problem;

/// A layer that lets only users through. It reads the session with its user, so that
/// [`CurrentUser`](crate::CurrentUser), [`CurrentSession`](crate::CurrentSession) and
/// [`Claims`](crate::Claims) below it cost nothing.
///
/// Others are answered as [`CurrentUser`](crate::CurrentUser) answers them, unless it is said otherwise with
/// [`RequireAuth::or_status`] or [`RequireAuth::or_redirect`].
///
/// ```
/// # use axum::{Router, routing::get};
/// # use testudo_axum::{Testudo, require_auth};
/// # fn routes(testudo: &Testudo) -> Router<Testudo> {
/// Router::new()
///     .route("/account", get(async || "your account"))
///     .route_layer(require_auth(testudo).or_redirect("/signin"))
/// # }
/// ```
#[must_use]
pub fn require_auth(testudo: &Testudo) -> RequireAuth {
    RequireAuth { testudo: testudo.clone(), otherwise: Otherwise::Problem }
}

/// What [`require_auth`] gives.
#[derive(Clone, Debug)]
pub struct RequireAuth {
    testudo: Testudo,
    otherwise: Otherwise,
}

/// What becomes of who is no user.
#[derive(Clone, Debug)]
enum Otherwise {
    Problem,
    Status(StatusCode),
    Redirect(String),
}

impl RequireAuth {
    /// Answers who is no user with a bare status, such as 404 where nobody is to know what there is.
    #[must_use]
    pub fn or_status(self, status: StatusCode) -> Self {
        Self { otherwise: Otherwise::Status(status), ..self }
    }

    /// Sends who is no user to a page of this site to sign in, with 303. Where they came by a GET or a HEAD, the
    /// page is given their path and query as `next`, to send them back to; no other request can be repeated.
    ///
    /// # Security
    ///
    /// Anybody can write such a link: the page asks [`safe_next`] before it sends anybody on.
    #[must_use]
    pub fn or_redirect(self, page: impl Into<String>) -> Self {
        Self { otherwise: Otherwise::Redirect(page.into()), ..self }
    }
}

layer!(RequireAuth);

impl Check for RequireAuth {
    async fn check(&self, parts: &mut Parts) -> Result<(), Response> {
        match authenticate_user(parts, &self.testudo).await {
            Ok(_) => Ok(()),
            // What is malformed, or no fault of the client's, is not mended by signing in.
            Err(problem) if problem.status() != StatusCode::UNAUTHORIZED => {
                Err(problem.into_response())
            }
            Err(problem) => Err(self.otherwise.answer(problem, parts)),
        }
    }
}

impl Otherwise {
    fn answer(&self, problem: Problem, parts: &Parts) -> Response {
        match self {
            Self::Problem => problem.into_response(),
            Self::Status(status) => status.into_response(),
            Self::Redirect(page) => Redirect::to(&with_next(page, parts)).into_response(),
        }
    }
}

fn with_next(page: &str, parts: &Parts) -> String {
    // A nested router sees the rest of the path only.
    let original = parts.extensions.get::<OriginalUri>();
    let uri = original.map_or(&parts.uri, |OriginalUri(uri)| uri);
    match uri.path_and_query().and_then(|place| safe_next(place.as_str())) {
        Some(next) if parts.method.is_safe() => {
            let separator = if page.contains('?') { '&' } else { '?' };
            format!("{page}{separator}next={}", utf8_percent_encode(&next, NON_ALPHANUMERIC))
        }
        _ => page.to_owned(),
    }
}
