//! The `Authorization` header of a request (RFC 6750 2.1).

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use testudo::Secret;

use crate::problem::Problem;

/// What the one `Authorization` header of the scheme `Bearer` holds. Tokens are taken from nowhere
/// else: not from the query (RFC 9700 4.3.2), a form or a cookie.
#[derive(Debug)]
pub(crate) struct Bearer(pub(crate) Secret<String>);

impl Bearer {
    /// What stands in the header; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When what stands there is no token, or there is more than one header: which of two would count
    /// depends on who reads them.
    pub(crate) fn find(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                let value = value.to_str().map_err(|_| Problem::malformed_authorization())?;
                read(value).map(|token| Some(Self(Secret::new(token.to_owned()))))
            }
            (Some(_), Some(_)) => Err(Problem::malformed_authorization()),
        }
    }

    /// What stands in the header.
    ///
    /// # Errors
    ///
    /// As [`Bearer::find`], and when there is no header.
    pub(crate) fn require(headers: &HeaderMap) -> Result<Self, Problem> {
        Self::find(headers)?.ok_or_else(Problem::unauthenticated)
    }

    pub(crate) fn token(&self) -> &str {
        self.0.expose()
    }
}

impl<S: Sync> FromRequestParts<S> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Self::require(&parts.headers)
    }
}

fn read(value: &str) -> Result<&str, Problem> {
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Problem::unauthenticated());
    }
    let token = token.trim_start_matches(' ');
    if is_b64token(token) { Ok(token) } else { Err(Problem::malformed_authorization()) }
}

/// `b64token` of RFC 6750 2.1.
fn is_b64token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
    !body.is_empty() && body.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;
    use crate::Code;

    async fn bearer(values: &[&[u8]]) -> Result<String, Code> {
        let mut request = Request::new(());
        for value in values {
            let value = HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append(AUTHORIZATION, value);
        }
        let (mut parts, ()) = request.into_parts();
        let read = Bearer::from_request_parts(&mut parts, &()).await;
        read.map(|bearer| bearer.token().to_owned()).map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn the_scheme_is_read_in_any_case() {
        for value in ["Bearer tda_x", "bearer tda_x", "BEARER  tda_x"] {
            assert_eq!(bearer(&[value.as_bytes()]).await.as_deref(), Ok("tda_x"));
        }
    }

    #[tokio::test]
    async fn no_header_or_another_scheme_is_no_credentials() {
        assert_eq!(bearer(&[]).await, Err(Code::Unauthenticated));
        for value in ["Basic YTpi", "", "Bearertda_x", "tda_x"] {
            assert_eq!(bearer(&[value.as_bytes()]).await, Err(Code::Unauthenticated), "{value:?}");
        }
    }

    #[tokio::test]
    async fn what_is_not_one_token_is_malformed() {
        let values: [&[u8]; 7] = [
            b"Bearer",
            b"Bearer ",
            b"Bearer a b",
            b"Bearer a, Bearer b",
            b"Bearer a=b",
            b"Bearer ===",
            b"Bearer \xff",
        ];
        for value in values {
            assert_eq!(bearer(&[value]).await, Err(Code::Malformed), "{value:?}");
        }
        assert_eq!(bearer(&[b"Bearer a", b"Bearer a"]).await, Err(Code::Malformed));
        assert_eq!(bearer(&[b"Basic a", b"Bearer a"]).await, Err(Code::Malformed));
    }
}
