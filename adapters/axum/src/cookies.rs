//! Tokens in cookies, for browsers.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use testudo::Secret;
use testudo::model::Session;
use testudo::token::Tokens;
use tracing::error;
use url::{Origin, Url};

use crate::problem::Problem;

/// How browsers carry tokens: [`Testudo::with_cookies`](crate::Testudo::with_cookies).
///
/// Two cookies, `testudo_access` and `testudo_refresh`, with `Path=/`, `HttpOnly`, `SameSite=Lax` and no `Domain`;
/// where the origin is https also `Secure`, and both names begin with `__Host-`, so that no other host and no plain
/// connection can set them (ASVS 5.0 3.3.1, 3.3.3). They outlive the browser if the user asked to be remembered.
///
/// ```
/// use testudo_axum::Cookies;
///
/// let cookies = Cookies::for_origin("https://app.example.com")?;
/// # Ok::<(), testudo_axum::NotAnOrigin>(())
/// ```
///
/// # Security
///
/// A browser sends cookies with requests that another site makes it send. What changes something is therefore taken
/// only with proof that it comes from these origins: `Sec-Fetch-Site`, or else `Origin`, or else the header
/// `X-CSRF-Token` with the text that the sign-in was answered with. Origins come from here and never from the
/// request's `Host`.
#[derive(Clone, Debug)]
pub struct Cookies {
    origin: Origin,
    others: Vec<Origin>,
}

/// A text is no web origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an origin such as https://app.example.com, without a path")]
#[non_exhaustive]
pub struct NotAnOrigin;

/// The cookies of a request cannot be read: one of ours stands there twice, or there is something that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What a cookie may have at most, name and value together (RFC 6265 6.1, ASVS 5.0 3.3.5).
const MOST_BYTES: usize = 4096;

/// Which cookie.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Access,
    Refresh,
    /// A random text by which the pages know the browser again.
    #[cfg(feature = "pages")]
    Browser,
    /// How far somebody is who registers.
    #[cfg(feature = "pages")]
    SignUp,
    /// How far somebody is who signs in and owes something.
    #[cfg(feature = "pages")]
    SignIn,
}

impl Cookies {
    /// For pages of this origin: what a browser shows, not where the server listens.
    ///
    /// # Errors
    ///
    /// When it is no origin of http or https.
    pub fn for_origin(origin: &str) -> Result<Self, NotAnOrigin> {
        Ok(Self { origin: read_origin(origin)?, others: Vec::new() })
    }

    /// And for pages of this one, which call the first with credentials.
    ///
    /// # Errors
    ///
    /// When it is no origin of http or https.
    ///
    /// # Security
    ///
    /// Whoever can run a script there can do whatever the user can.
    pub fn and_origin(mut self, origin: &str) -> Result<Self, NotAnOrigin> {
        self.others.push(read_origin(origin)?);
        Ok(self)
    }

    /// Whether pages of this origin may change something.
    pub(crate) fn trusts(&self, origin: &str) -> bool {
        read_origin(origin).is_ok_and(|it| it == self.origin || self.others.contains(&it))
    }

    /// Whether an origin is one of those added.
    pub(crate) fn trusts_as_other(&self, origin: &str) -> bool {
        read_origin(origin).is_ok_and(|it| self.others.contains(&it))
    }

    /// The access token that a request's cookies hold.
    pub(crate) fn access(&self, headers: &HeaderMap) -> Result<Option<Secret<String>>, Malformed> {
        self.find(headers, Kind::Access)
    }

    /// The refresh token that a request's cookies hold.
    pub(crate) fn refresh(&self, headers: &HeaderMap) -> Result<Option<Secret<String>>, Malformed> {
        self.find(headers, Kind::Refresh)
    }

    /// Which of two would count depends on who set them, and when: so neither does.
    pub(crate) fn find(
        &self,
        headers: &HeaderMap,
        kind: Kind,
    ) -> Result<Option<Secret<String>>, Malformed> {
        let (name, mut found) = (self.name(kind), None);
        for line in headers.get_all(COOKIE) {
            let line = line.to_str().map_err(|_| Malformed)?;
            for cookie in Cookie::split_parse(line) {
                let cookie = cookie.map_err(|_| Malformed)?;
                if cookie.name() == name
                    && found.replace(Secret::new(cookie.value().to_owned())).is_some()
                {
                    return Err(Malformed);
                }
            }
        }
        Ok(found)
    }

    /// Hands tokens to the browser, in place of those it has.
    ///
    /// # Errors
    ///
    /// When a token is too long for a cookie: let less travel with the session.
    pub(crate) fn set(
        &self,
        response: &mut Response,
        tokens: &Tokens,
        session: &Session,
        is_remembered: bool,
    ) -> Result<(), Problem> {
        let access_age = Duration::seconds(seconds(tokens.expires_in.as_secs()));
        let left = session.refresh_expires_at().since(session.refreshed_at).as_secs();
        let refresh_age = is_remembered.then(|| Duration::seconds(seconds(left)));
        let set = [
            self.cookie(Kind::Access, tokens.access.expose(), Some(access_age)),
            self.cookie(Kind::Refresh, tokens.refresh.expose(), refresh_age),
        ];
        for cookie in set {
            let name_and_value = cookie.name().len().saturating_add(cookie.value().len());
            if name_and_value > MOST_BYTES {
                error!(cookie = cookie.name(), "a token is too long for a cookie");
                return Err(Problem::internal());
            }
            append(response, &cookie)?;
        }
        Ok(())
    }

    /// Takes the tokens from the browser.
    pub(crate) fn clear(&self, response: &mut Response) -> Result<(), Problem> {
        for kind in [Kind::Access, Kind::Refresh] {
            append(response, &self.cookie(kind, "", Some(Duration::ZERO)))?;
        }
        Ok(())
    }

    /// Has the browser keep something until it is closed.
    #[cfg(feature = "pages")]
    pub(crate) fn keep(
        &self,
        response: &mut Response,
        kind: Kind,
        value: &str,
    ) -> Result<(), Problem> {
        append(response, &self.cookie(kind, value, None))
    }

    /// Has the browser forget something.
    #[cfg(feature = "pages")]
    pub(crate) fn forget(&self, response: &mut Response, kind: Kind) -> Result<(), Problem> {
        append(response, &self.cookie(kind, "", Some(Duration::ZERO)))
    }

    /// Whether a response says already what becomes of the tokens.
    pub(crate) fn are_set_by(&self, response: &Response) -> bool {
        let name = self.name(Kind::Refresh);
        let begins = |value: &HeaderValue| value.as_bytes().starts_with(name.as_bytes());
        response.headers().get_all(SET_COOKIE).iter().any(begins)
    }

    fn cookie<'a>(&self, kind: Kind, value: &'a str, age: Option<Duration>) -> Cookie<'a> {
        let cookie = Cookie::build((self.name(kind), value))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.is_secure());
        match age {
            Some(age) => cookie.max_age(age).build(),
            None => cookie.build(),
        }
    }

    const fn name(&self, kind: Kind) -> &'static str {
        match (kind, self.is_secure()) {
            (Kind::Access, true) => "__Host-testudo_access",
            (Kind::Refresh, true) => "__Host-testudo_refresh",
            (Kind::Access, false) => "testudo_access",
            (Kind::Refresh, false) => "testudo_refresh",
            #[cfg(feature = "pages")]
            (Kind::Browser, true) => "__Host-testudo_browser",
            #[cfg(feature = "pages")]
            (Kind::Browser, false) => "testudo_browser",
            #[cfg(feature = "pages")]
            (Kind::SignUp, true) => "__Host-testudo_sign_up_onboarding",
            #[cfg(feature = "pages")]
            (Kind::SignUp, false) => "testudo_sign_up_onboarding",
            #[cfg(feature = "pages")]
            (Kind::SignIn, true) => "__Host-testudo_sign_in_onboarding",
            #[cfg(feature = "pages")]
            (Kind::SignIn, false) => "testudo_sign_in_onboarding",
        }
    }

    const fn is_secure(&self) -> bool {
        match &self.origin {
            Origin::Tuple(scheme, ..) => matches!(scheme.as_bytes(), b"https"),
            Origin::Opaque(_) => true,
        }
    }
}

fn append(response: &mut Response, cookie: &Cookie<'_>) -> Result<(), Problem> {
    // A token is of characters that a header takes.
    let mut value = HeaderValue::try_from(cookie.to_string()).map_err(|_| Problem::internal())?;
    value.set_sensitive(true);
    response.headers_mut().append(SET_COOKIE, value);
    Ok(())
}

fn seconds(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn read_origin(text: &str) -> Result<Origin, NotAnOrigin> {
    let url: Url = text.parse().map_err(|_| NotAnOrigin)?;
    let is_web = matches!(url.scheme(), "http" | "https");
    let origin = url.origin();
    // What is more than an origin serialises otherwise; case and a default port make no difference.
    let is_whole = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !text.contains(char::is_whitespace);
    if is_web && is_whole && origin.is_tuple() { Ok(origin) } else { Err(NotAnOrigin) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies() -> Cookies {
        Cookies::for_origin("https://app.example.com").unwrap()
    }

    fn found(lines: &[&str]) -> Result<Option<String>, Malformed> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        cookies().access(&headers).map(|token| token.map(|token| token.expose().clone()))
    }

    #[test]
    fn a_cookie_is_found_among_others_and_once() {
        let token = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(found(&[]), Ok(None));
        assert_eq!(found(&["a=b; testudo_access=x"]), Ok(None), "the prefix is part of the name");
        assert_eq!(found(&["a=b; __Host-testudo_access=tda_x; c=d"]), token("tda_x"));
        assert_eq!(found(&["a=b", "__Host-testudo_access=tda_x"]), token("tda_x"));
        let name = "__Host-testudo_access";
        assert_eq!(found(&[&format!("{name}=x; {name}=y")]), Err(Malformed));
        assert_eq!(found(&[&format!("{name}=x"), &format!("{name}=x")]), Err(Malformed));
    }

    #[test]
    fn what_is_no_cookie_is_not_passed_over() {
        for line in ["nothing", "=x", "a=b; ; nothing; __Host-testudo_access=x"] {
            assert_eq!(found(&[line]), Err(Malformed), "{line:?}");
        }
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_bytes(b"a=\xff").unwrap());
        assert_eq!(cookies().access(&headers).map(drop), Err(Malformed));
    }

    #[test]
    fn only_the_configured_origins_are_trusted() {
        let cookies = cookies().and_origin("https://other.example.com:8443").unwrap();
        for trusted in [
            "https://app.example.com",
            "https://APP.example.com:443",
            "https://other.example.com:8443",
        ] {
            assert!(cookies.trusts(trusted), "{trusted}");
        }
        for other in [
            "null",
            "",
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://app.example.com.evil.example",
            "https://evil.example/https://app.example.com",
            "https://app.example.com/path",
            "https://app.example.com@evil.example",
            "https://evil.example@app.example.com",
            " https://app.example.com",
            "https://app.example.com, https://evil.example",
        ] {
            assert!(!cookies.trusts(other), "{other:?}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "",
            "app.example.com",
            "ftp://a.example",
            "https://a.example/x",
            "https://a.example?x",
            "data:x",
        ] {
            assert_eq!(Cookies::for_origin(wrong).unwrap_err(), NotAnOrigin, "{wrong:?}");
        }
    }

    #[test]
    fn flags_are_fixed_and_deletion_has_them_too() {
        let flags = |origin: &str| {
            let (cookies, mut response) =
                (Cookies::for_origin(origin).unwrap(), Response::default());
            cookies.clear(&mut response).unwrap();
            let lines = response.headers().get_all(SET_COOKIE).iter();
            lines.map(|line| line.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let secure = "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0";
        let expected =
            ["access", "refresh"].map(|kind| format!("__Host-testudo_{kind}=; {secure}"));
        assert_eq!(flags("https://app.example.com"), expected);
        let plain = "HttpOnly; SameSite=Lax; Path=/; Max-Age=0";
        let expected = ["access", "refresh"].map(|kind| format!("testudo_{kind}=; {plain}"));
        assert_eq!(flags("http://localhost:8080"), expected);
    }
}
