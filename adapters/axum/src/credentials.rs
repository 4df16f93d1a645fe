//! The access token that a request presents: the one place that knows where it may stand.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use testudo::Secret;

use crate::Testudo;
use crate::bearer::Bearer;
use crate::problem::Problem;

/// An access token, and where it stood.
#[derive(Debug)]
pub(crate) enum Presented {
    /// In the header `Authorization`.
    Bearer(Secret<String>),
}

impl Presented {
    /// What a request presents; `None` if it presents nothing at all.
    ///
    /// # Errors
    ///
    /// When what it presents is malformed. That is never taken for nothing: a request that meant to be
    /// somebody's is not answered as if it were nobody's.
    pub(crate) fn find(parts: &Parts, _testudo: &Testudo) -> Result<Option<Self>, Problem> {
        let bearer = Bearer::find(&parts.headers)?;
        Ok(bearer.map(|Bearer(token)| Self::Bearer(token)))
    }

    /// What a request presents.
    ///
    /// # Errors
    ///
    /// As [`Presented::find`], and when it presents nothing.
    pub(crate) fn require(parts: &Parts, testudo: &Testudo) -> Result<Self, Problem> {
        Self::find(parts, testudo)?.ok_or_else(Problem::unauthenticated)
    }

    pub(crate) fn token(&self) -> &str {
        match self {
            Self::Bearer(token) => token.expose(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Presented
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Self::require(parts, &Testudo::from_ref(state))
    }
}
