//! What every route and extractor works with.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Once};

use axum::response::Response;
use testudo::Refusal;
use testudo::flow::SignedIn;
use testudo::service::ServiceTokens;
#[cfg(feature = "jwt-signatures")]
use testudo::token::jwt::JwkSet;
use testudo_driver::{Auth, AuthError, Hashing, SharedHashing, SharedStore, Store};

use crate::cookies::Cookies;
use crate::credentials::Presented;
use crate::in_path::InPath;
use crate::issued;
use crate::problem::Problem;

/// [`Auth`] over any store and any hasher.
pub type SharedAuth = Auth<SharedStore, SharedHashing>;

/// Authentication for a router: its state, or a part of it. Cheap to clone.
///
/// It begins with what is safe for everybody: no proxy is trusted, no service let in, and users invite nobody.
///
/// A router that wants it and is not given it does not compile:
///
/// ```compile_fail
/// # use axum::{Router, routing::get};
/// # use testudo_axum::CurrentUser;
/// let app: Router = Router::new()
///     .route("/hello", get(async |CurrentUser(user): CurrentUser| user.email.to_string()));
/// ```
///
/// # Security
///
/// Read [`Testudo::trusted_proxies`] before serving behind a proxy.
#[derive(Clone)]
pub struct Testudo {
    auth: Arc<SharedAuth>,
    #[cfg(feature = "jwt-signatures")]
    pub(crate) published_keys: Arc<JwkSet>,
    pub(crate) services: Arc<ServiceTokens>,
    pub(crate) users_invite: bool,
    pub(crate) trusted_proxies: usize,
    cookies: Option<Arc<Cookies>>,
    told: Arc<Once>,
}

impl Testudo {
    /// Over a store, a hasher and settings.
    pub fn new<S: Store + 'static, H: Hashing + 'static>(auth: Auth<S, H>) -> Self {
        Self::from(Arc::new(auth.shared()))
    }

    /// So many proxies stand in front, each of which adds the address of its peer at the end of
    /// `X-Forwarded-For`. With 0, which is the default, the header is ignored.
    ///
    /// # Security
    ///
    /// Clients must have no way past them: a client that reaches this server itself writes the header, and
    /// so chooses the address that limits go by (ASVS 5.0 4.1.3).
    #[must_use]
    pub fn trusted_proxies(self, proxies: usize) -> Self {
        Self { trusted_proxies: proxies, ..self }
    }

    /// Lets in other services that present one of these tokens.
    #[must_use]
    pub fn services(self, tokens: ServiceTokens) -> Self {
        Self { services: Arc::new(tokens), ..self }
    }

    /// Whether users may invite others over HTTP. Unless it is said, they may not.
    #[must_use]
    pub fn users_invite(self, may: bool) -> Self {
        Self { users_invite: may, ..self }
    }

    /// Takes tokens from cookies as well, and hands them out there instead of in answers: for browsers. Around routes
    /// of your own put [`renew`](crate::renew()).
    ///
    /// Programs are better served without; both may stand side by side, each under a path of its own:
    ///
    /// ```
    /// # use axum::Router;
    /// # use testudo_axum::{Cookies, NotAnOrigin, Testudo};
    /// # fn app(testudo: Testudo) -> Result<Router, NotAnOrigin> {
    /// let browsers = testudo.clone().with_cookies(Cookies::for_origin("https://app.example.com")?);
    /// let app = Router::new().nest("/auth", testudo.routes()).nest("/session", browsers.routes());
    /// # Ok(app)
    /// # }
    /// ```
    #[must_use]
    pub fn with_cookies(self, cookies: Cookies) -> Self {
        Self { cookies: Some(Arc::new(cookies)), ..self }
    }

    /// Puts the tokens of a sign-in into the browser's cookies: for pages of your own that sign somebody in.
    ///
    /// # Errors
    ///
    /// When a token is too long for a cookie, or [`Testudo::with_cookies`] was not said.
    ///
    /// # Security
    ///
    /// Take [`OwnPage`](crate::OwnPage) in the same route.
    pub fn set_cookies(&self, response: &mut Response, of: &SignedIn) -> Result<(), Problem> {
        let cookies = self.cookies().ok_or_else(Problem::internal)?;
        issued::put(self, cookies, response, &of.session, &of.tokens)
    }

    /// Takes the tokens from the browser: for pages of your own that sign somebody out.
    ///
    /// # Errors
    ///
    /// When [`Testudo::with_cookies`] was not said.
    pub fn clear_cookies(&self, response: &mut Response) -> Result<(), Problem> {
        self.cookies().ok_or_else(Problem::internal)?.clear(response)
    }

    pub(crate) fn cookies(&self) -> Option<&Cookies> {
        self.cookies.as_deref()
    }

    /// Publishes these keys, with which others verify access tokens, in [`published_keys`](crate::published_keys).
    #[cfg(feature = "jwt-signatures")]
    #[must_use]
    pub fn publishing(self, keys: JwkSet) -> Self {
        Self { published_keys: Arc::new(keys), ..self }
    }

    /// Every flow as an async method.
    #[must_use]
    pub const fn auth(&self) -> &Arc<SharedAuth> {
        &self.auth
    }

    /// Whether both take the same requests for the same users' and services'.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let same_cookies = match (&self.cookies, &other.cookies) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        same_cookies
            && Arc::ptr_eq(&self.auth, &other.auth)
            && Arc::ptr_eq(&self.services, &other.services)
    }

    /// What a path names. The token is looked at before an id that is none: who has no token learns nothing
    /// of either.
    pub(crate) async fn named<T: FromStr>(
        &self,
        InPath(id): InPath,
        presented: &Presented,
    ) -> Result<T, Problem> {
        match id.and_then(|id| id.parse().ok()) {
            Some(id) => Ok(id),
            None => {
                let authenticated = self.auth.authenticate(presented.token()).await;
                let refused = authenticated.err().unwrap_or(Refusal::NotFound.into());
                Err(self.problem(refused))
            }
        }
    }

    /// Says what is wrong with how it is served, the first time only: every request meets it.
    pub(crate) fn tell_once(&self, tell: impl FnOnce()) {
        self.told.call_once(tell);
    }

    pub(crate) fn problem(&self, error: AuthError) -> Problem {
        Problem::of(error, self.auth.settings().policy())
    }
}

impl From<Arc<SharedAuth>> for Testudo {
    /// For who holds it elsewhere as well: workers, say.
    fn from(auth: Arc<SharedAuth>) -> Self {
        Self {
            auth,
            #[cfg(feature = "jwt-signatures")]
            published_keys: Arc::default(),
            services: Arc::default(),
            users_invite: false,
            trusted_proxies: 0,
            cookies: None,
            told: Arc::new(Once::new()),
        }
    }
}

impl fmt::Debug for Testudo {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Testudo").field("auth", &self.auth).finish_non_exhaustive()
    }
}
