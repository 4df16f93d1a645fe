//! Requests of programs that act for a user.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use testudo::model::ApiKey;

use crate::Testudo;
use crate::bearer::Bearer;
use crate::client::request_client;
use crate::kept::{keep, kept};
use crate::layer::{Check, layer};
use crate::problem::Problem;

/// The API key that the request is made with, in the header `Authorization: Bearer tdk_…`.
///
/// No key is 401 `unauthenticated`; one that is no good, or a token of a session, is 401 `invalid_token`,
/// `expired_token` or `revoked_token`.
///
/// # Security
///
/// It is open to any key. Where keys have scopes ask for one with [`require_scope`].
#[derive(Clone, Debug)]
pub struct CurrentApiKey(pub ApiKey);

impl<S: Send + Sync> FromRequestParts<S> for CurrentApiKey
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let testudo = Testudo::from_ref(state);
        match kept(parts, &testudo) {
            Some(key) => Ok(Self(key)),
            None => authenticate(parts, &testudo, None).await.map(Self),
        }
    }
}

/// A layer that lets only requests through that are made with an API key of this scope; others are 403
/// `forbidden`, and the challenge names the scope (RFC 6750 3.1).
///
/// The scope is one of [`Settings::with_api_key_scopes`](testudo::Settings::with_api_key_scopes).
///
/// ```
/// # use axum::{Router, routing::get};
/// # use testudo_axum::{CurrentApiKey, Testudo, require_scope};
/// # fn routes(testudo: &Testudo) -> Router<Testudo> {
/// Router::new()
///     .route("/reports", get(async |CurrentApiKey(key): CurrentApiKey| key.name))
///     .route_layer(require_scope(testudo, "reports:read"))
/// # }
/// ```
pub fn require_scope(testudo: &Testudo, scope: impl Into<String>) -> RequireScope {
    RequireScope { testudo: testudo.clone(), scope: scope.into() }
}

/// What [`require_scope`] gives.
#[derive(Clone, Debug)]
pub struct RequireScope {
    testudo: Testudo,
    scope: String,
}

layer!(RequireScope);

impl Check for RequireScope {
    async fn check(&self, parts: &mut Parts) -> Result<(), Response> {
        let key = authenticate(parts, &self.testudo, Some(&self.scope)).await;
        key.map(drop).map_err(Problem::into_response)
    }
}

async fn authenticate(
    parts: &mut Parts,
    testudo: &Testudo,
    scope: Option<&str>,
) -> Result<ApiKey, Problem> {
    let bearer = Bearer::require(&parts.headers)?;
    let client = request_client(parts, testudo).await;
    let found = testudo.auth().authenticate_api_key(bearer.token(), scope, &client).await;
    let key = found.map_err(|no| testudo.problem(no))?;
    keep(parts, testudo, key.clone());
    Ok(key)
}
