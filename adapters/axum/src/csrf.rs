//! Whether a request that changes something comes from where it should (ASVS 5.0 3.5.1).

use axum::http::{HeaderMap, Method};
use testudo::KeyRing;
use testudo::model::SessionId;
use testudo::token::csrf;

use crate::cookies::Cookies;

/// Shows that a request comes from a page of the session that its cookies name.
pub(crate) const CSRF_TOKEN: &str = "x-csrf-token";

/// A request may have been made by a page of somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CrossSite;

/// Whether a request that relies on cookies may be carried out: `session` is the one that its cookies name, if they
/// name one.
///
/// Browsers say in `Sec-Fetch-Site` who made a request, and scripts cannot change it; those that do not say it say
/// the `Origin` of what is no GET. Where there is neither, the token decides.
///
/// # Errors
///
/// When nothing shows that it comes from a page of a trusted origin.
pub(crate) fn check(
    method: &Method,
    headers: &HeaderMap,
    cookies: &Cookies,
    session: Option<SessionId>,
    keys: &KeyRing,
) -> Result<(), CrossSite> {
    if method.is_safe() {
        return Ok(());
    }
    let origin = only(headers, "origin")?;
    let allowed = match judge(headers, origin, cookies)? {
        Some(allowed) => allowed,
        None => {
            let token = only(headers, CSRF_TOKEN)?;
            session.zip(token).is_some_and(|(id, token)| csrf::is_token_for(id, token, keys))
        }
    };
    if allowed { Ok(()) } else { Err(CrossSite) }
}

/// Whether a form may come from where its browser says, if that says anything. The token of the form is another
/// matter, and always required.
///
/// # Errors
///
/// When it comes from a page of somebody else.
#[cfg(feature = "pages")]
pub(crate) fn check_form(headers: &HeaderMap, cookies: &Cookies) -> Result<(), CrossSite> {
    // A page without a referrer has no origin to tell either (Fetch, "append a request `Origin` header").
    let origin = only(headers, "origin")?.filter(|origin| *origin != "null");
    match judge(headers, origin, cookies)? {
        Some(false) => Err(CrossSite),
        Some(true) | None => Ok(()),
    }
}

/// What browsers say of who made a request; `None` where they say nothing.
fn judge(
    headers: &HeaderMap,
    origin: Option<&str>,
    cookies: &Cookies,
) -> Result<Option<bool>, CrossSite> {
    Ok(match (only(headers, "sec-fetch-site")?, origin) {
        (Some("same-origin" | "none"), _) => Some(true),
        (Some(_), origin) => Some(origin.is_some_and(|origin| cookies.trusts_as_other(origin))),
        (None, Some(origin)) => Some(cookies.trusts(origin)),
        (None, None) => None,
    })
}

/// The one header of this name. One that is there twice, or is no text, is a sign that somebody is at work.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, CrossSite> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| CrossSite),
        (Some(_), Some(_)) => Err(CrossSite),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    const SESSION: &str = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f";

    fn keys() -> KeyRing {
        KeyRing::parse("only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y").unwrap()
    }

    fn checked(method: &Method, lines: &[(&'static str, &str)]) -> bool {
        let cookies = Cookies::for_origin("https://app.example.com").unwrap();
        let cookies = cookies.and_origin("https://admin.example.com").unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        check(method, &headers, &cookies, Some(SESSION.parse().unwrap()), &keys()).is_ok()
    }

    #[test]
    fn what_changes_nothing_may_come_from_anywhere() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(checked(&method, &[("sec-fetch-site", "cross-site")]));
        }
    }

    #[test]
    fn what_changes_something_comes_from_a_trusted_page() {
        let token = csrf::token_for(SESSION.parse().unwrap(), &keys());
        let token = token.expose().as_str();
        for (headers, expected) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "none")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "made-up")], false),
            (&[("sec-fetch-site", "same-site"), ("origin", "https://admin.example.com")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://app.example.com")], false),
            (&[("sec-fetch-site", "cross-site"), ("x-csrf-token", token)], false),
            (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "https://app.example.com")], true),
            (&[("origin", "https://admin.example.com")], true),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://evil.example"), ("x-csrf-token", token)], false),
            (&[("origin", "https://app.example.com"), ("origin", "https://evil.example")], false),
            (&[("x-csrf-token", token)], true),
            (&[("x-csrf-token", "made up")], false),
            (&[], false),
        ] {
            for method in [Method::POST, Method::DELETE, Method::PUT, Method::PATCH] {
                assert_eq!(checked(&method, headers), expected, "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn where_there_is_no_session_a_token_shows_nothing() {
        let token = csrf::token_for(SESSION.parse().unwrap(), &keys());
        let mut headers = HeaderMap::new();
        headers.insert(CSRF_TOKEN, HeaderValue::from_str(token.expose()).unwrap());
        let cookies = Cookies::for_origin("https://app.example.com").unwrap();
        let checked = |session| check(&Method::POST, &headers, &cookies, session, &keys());
        assert_eq!(checked(None), Err(CrossSite));
        let other = "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5e".parse().unwrap();
        assert_eq!(checked(Some(other)), Err(CrossSite));
    }
}
