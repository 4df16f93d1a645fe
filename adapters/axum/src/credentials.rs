//! The access token that a request presents: the one place that knows where it may stand.

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use testudo::Secret;

use crate::Testudo;
use crate::bearer::Bearer;
use crate::cookies::{Cookies, Malformed};
use crate::csrf::{self, CrossSite};
use crate::problem::{Code, Problem};
use crate::renew::Renewed;

/// An access token, and where it stood.
#[derive(Debug)]
pub(crate) enum Presented {
    /// In the header `Authorization`.
    Bearer(Secret<String>),
    /// In a cookie, or in place of one that was over; what it asks for comes from a page that may ask it.
    Cookie(Secret<String>),
}

impl Presented {
    /// What a request presents; `None` if it presents nothing at all.
    ///
    /// # Errors
    ///
    /// When what it presents is malformed. That is never taken for nothing: a request that meant to be
    /// somebody's is not answered as if it were nobody's.
    pub(crate) fn find(parts: &Parts, testudo: &Testudo) -> Result<Option<Self>, Problem> {
        if let Some(Bearer(token)) = Bearer::find(&parts.headers)? {
            return Ok(Some(Self::Bearer(token)));
        }
        let Some(cookies) = testudo.cookies() else { return Ok(None) };
        let token = match parts.extensions.get::<Renewed>() {
            Some(Renewed(token)) => Some(token.clone()),
            None => cookies.access(&parts.headers).map_err(|Malformed| {
                Problem::new(Code::Unauthenticated, "expected cookies as they were set, each once")
            })?,
        };
        let Some(token) = token else { return Ok(None) };
        check_origin(parts, testudo, cookies, Some(&token))?;
        Ok(Some(Self::Cookie(token)))
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
            Self::Bearer(token) | Self::Cookie(token) => token.expose(),
        }
    }
}

/// Whether a request that relies on cookies comes from a page that may make it.
fn check_origin(
    parts: &Parts,
    testudo: &Testudo,
    cookies: &Cookies,
    token: Option<&Secret<String>>,
) -> Result<(), Problem> {
    let settings = testudo.auth().settings();
    // Which session it names is all that matters here: whether it is genuine, the flow finds out.
    let named = token
        .and_then(|token| settings.tokens().read_access(token.expose(), testudo.auth().now()).ok());
    let session = named.map(|token| token.session());
    csrf::check(&parts.method, &parts.headers, cookies, session, settings.keys()).map_err(
        |CrossSite| {
            let detail = "expected a request of a page of this site: with Sec-Fetch-Site, Origin or \
                          X-CSRF-Token to show it";
            Problem::new(Code::Forbidden, detail)
        },
    )
}

/// The access token that a request presents, for what [`Testudo::auth`] is asked to do with it. It may be no good:
/// what it is given to finds that out.
///
/// Without one the answer is 401 `unauthenticated`.
#[derive(Clone, Debug)]
pub struct AccessToken(pub Secret<String>);

impl<S: Send + Sync> FromRequestParts<S> for AccessToken
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let (Presented::Bearer(token) | Presented::Cookie(token)) =
            Presented::require(parts, &Testudo::from_ref(state))?;
        Ok(Self(token))
    }
}

/// Shows that a request that opens a session comes from a page that may: otherwise a page of somebody else could
/// sign its visitor in as whom it likes. Where tokens are in no cookies, there is nothing to show.
///
/// Take it in routes of your own that sign somebody in; others are refused with 403 `forbidden`.
#[derive(Debug)]
pub struct OwnPage {
    /// The access token that the browser has so far: end its session where another begins (ASVS 5.0 7.2.4).
    pub replaced: Option<Secret<String>>,
}

impl<S: Sync> FromRequestParts<S> for OwnPage
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let testudo = Testudo::from_ref(state);
        let Some(cookies) = testudo.cookies() else { return Ok(Self { replaced: None }) };
        check_origin(parts, &testudo, cookies, None)?;
        let renewed = parts.extensions.get::<Renewed>().map(|Renewed(token)| token.clone());
        // What is malformed is replaced as well.
        Ok(Self { replaced: renewed.or_else(|| cookies.access(&parts.headers).ok().flatten()) })
    }
}

/// The refresh token that a request's cookies hold.
#[derive(Debug)]
pub(crate) struct RefreshCookie(pub(crate) Secret<String>);

impl<S: Sync> FromRequestParts<S> for RefreshCookie
where
    Testudo: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let testudo = Testudo::from_ref(state);
        let cookies = testudo.cookies().ok_or_else(Problem::unauthenticated)?;
        let token = cookies.refresh(&parts.headers).ok().flatten();
        let token = token.ok_or_else(|| {
            Problem::new(Code::Unauthenticated, "expected the cookie of a session, once")
        })?;
        check_origin(parts, &testudo, cookies, None)?;
        Ok(Self(token))
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
