//! Who makes a request: extractors for routes of your own.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use testudo::model::{Session, User};

use crate::Testudo;
use crate::credentials::Presented;
use crate::kept::{keep, kept};
use crate::problem::Problem;

/// The user who makes the request, as they are now. It costs one keyed read.
///
/// A route that takes it is open to nobody else: without an access token the answer is 401
/// `unauthenticated`, with one that is no good 401 `invalid_token`, `expired_token` or `revoked_token`.
#[derive(Clone, Debug)]
pub struct CurrentUser(pub User);

/// The user who makes the request, or nobody.
///
/// # Security
///
/// Nobody is who presents nothing at all. A token that is malformed or no good is refused as
/// [`CurrentUser`] refuses it: who meant to be somebody is not answered as if they were nobody.
#[derive(Clone, Debug)]
pub struct MaybeUser(pub Option<User>);

/// The session that the request is made in, with its methods, times and claims.
///
/// It costs one keyed read, or none where
/// [signed tokens are taken at their word](testudo::flow::authenticate). It is refused as [`CurrentUser`] is.
#[derive(Clone, Debug)]
pub struct CurrentSession(pub Session);

impl<S: Send + Sync> FromRequestParts<S> for CurrentUser
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let authenticated = authenticate_user(parts, &Testudo::from_ref(state)).await?;
        Ok(Self(authenticated.user))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeUser
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let testudo = Testudo::from_ref(state);
        if Presented::find(parts, &testudo)?.is_none() {
            return Ok(Self(None));
        }
        Ok(Self(Some(authenticate_user(parts, &testudo).await?.user)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CurrentSession
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        authenticate(parts, &Testudo::from_ref(state)).await.map(Self)
    }
}

/// A session with its user, read together.
#[derive(Clone)]
pub(crate) struct Authenticated {
    pub(crate) session: Session,
    pub(crate) user: User,
}

/// The session of a request with its user, read once however often it is asked for.
pub(crate) async fn authenticate_user(
    parts: &mut Parts,
    testudo: &Testudo,
) -> Result<Authenticated, Problem> {
    if let Some(authenticated) = kept::<Authenticated>(parts, testudo) {
        return Ok(authenticated);
    }
    let presented = Presented::require(parts, testudo)?;
    let found = testudo.auth().authenticate_user(presented.token()).await;
    let (session, user) = found.map_err(|no| testudo.problem(no))?;
    let authenticated = Authenticated { session, user };
    keep(parts, testudo, authenticated.clone());
    Ok(authenticated)
}

/// The session of a request, read once at most.
pub(crate) async fn authenticate(parts: &mut Parts, testudo: &Testudo) -> Result<Session, Problem> {
    if let Some(Authenticated { session, .. }) = kept(parts, testudo) {
        return Ok(session);
    }
    if let Some(session) = kept::<Session>(parts, testudo) {
        return Ok(session);
    }
    let presented = Presented::require(parts, testudo)?;
    let found = testudo.auth().authenticate(presented.token()).await;
    let session = found.map_err(|no| testudo.problem(no))?;
    keep(parts, testudo, session.clone());
    Ok(session)
}
