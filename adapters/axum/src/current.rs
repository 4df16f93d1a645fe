//! Who makes a request.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use testudo::model::User;

use crate::Testudo;
use crate::credentials::Presented;
use crate::problem::Problem;

/// The user who makes the request, as they are now. It costs one keyed read.
///
/// A route that takes it is open to nobody else: without an access token the answer is 401
/// `unauthenticated`, with one that is no good 401 `invalid_token`, `expired_token` or `revoked_token`.
#[derive(Clone, Debug)]
pub struct CurrentUser(pub User);

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let testudo = Testudo::from_ref(state);
        let presented = Presented::from_request_parts(parts, state).await?;
        let found = testudo.auth().authenticate_user(presented.token()).await;
        let (_session, user) = found.map_err(|no| testudo.problem(no))?;
        Ok(Self(user))
    }
}
