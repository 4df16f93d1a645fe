//! Errors as `application/problem+json` (RFC 9457).

mod cause;

use std::borrow::Cow;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use testudo::FieldError;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// An error as the client sees it: `application/problem+json` (RFC 9457), with the headers that belong to it.
///
/// ```
/// use axum::response::IntoResponse as _;
/// use testudo_axum::{Code, Problem};
///
/// let problem = Problem::new(Code::NotFound, "there is no such page");
/// assert_eq!(problem.into_response().status(), 404);
/// ```
#[derive(Debug)]
pub struct Problem {
    code: Code,
    status: StatusCode,
    detail: Cow<'static, str>,
    errors: Vec<WrongField>,
    /// In whole seconds.
    retry_after: Option<u64>,
    challenge: Option<Cow<'static, str>>,
}

/// What went wrong, for programs. A closed list: clients are written against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// Address and password do not belong together.
    InvalidCredentials,
    /// The token is made up, malformed or superseded.
    InvalidToken,
    /// The token has expired.
    ExpiredToken,
    /// The session was ended.
    RevokedToken,
    /// No token was sent.
    Unauthenticated,
    /// The sign-in is too long ago, or a new password is due.
    StepUpRequired,
    /// It is known who asks, and they may not.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// Somebody else was first, or there are as many as there may be.
    Conflict,
    /// Some of the input is not acceptable.
    ValidationFailed,
    /// The current password is wrong.
    InvalidPassword,
    /// There is no such onboarding session.
    SessionInvalid,
    /// The onboarding session has expired.
    SessionExpired,
    /// All steps of the onboarding session are done.
    FlowComplete,
    /// Too many attempts.
    RateLimited,
    /// There is too much to do at once.
    Overloaded,
    /// The service cannot answer now.
    Unavailable,
    /// It is no request that can be read.
    Malformed,
}

/// What is wrong with one field of the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct WrongField {
    /// The field.
    pub field: Cow<'static, str>,
    /// What is wrong with it, for programs.
    pub code: Cow<'static, str>,
    /// The same for people: what was expected.
    pub message: String,
}

impl WrongField {
    /// Says what is wrong with a field, and what was expected.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

impl Code {
    /// The status of answers with this code, unless what is `malformed` has one of its own.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidCredentials
            | Self::InvalidToken
            | Self::ExpiredToken
            | Self::RevokedToken
            | Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::StepUpRequired | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionInvalid => StatusCode::NOT_FOUND,
            Self::SessionExpired => StatusCode::GONE,
            Self::Conflict | Self::FlowComplete => StatusCode::CONFLICT,
            Self::ValidationFailed | Self::InvalidPassword => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Overloaded | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }

    /// RFC 6750 3: every 401 has a challenge, and it names an error only when a token was sent.
    const fn challenge(self) -> Option<&'static str> {
        match self {
            Self::InvalidToken | Self::ExpiredToken | Self::RevokedToken => {
                Some(r#"Bearer error="invalid_token""#)
            }
            Self::Unauthenticated | Self::InvalidCredentials => Some("Bearer"),
            _ => None,
        }
    }
}

impl Problem {
    /// A problem of this code. The detail is for people, and says what was expected.
    ///
    /// # Security
    ///
    /// The client sees the detail: no secret, and nothing of the cause of a fault.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            status: code.status(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
            challenge: code.challenge().map(Cow::Borrowed),
        }
    }

    /// The code that programs see.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The status of the answer.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong with which field.
    #[cfg(feature = "pages")]
    pub(crate) fn errors(&self) -> &[WrongField] {
        &self.errors
    }

    /// What is wrong, for people.
    #[cfg(feature = "pages")]
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// How long to wait, in whole seconds.
    #[cfg(feature = "pages")]
    pub(crate) const fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// What has no code of its own says `malformed` with the status that HTTP has for it.
    pub(crate) fn malformed_as(status: StatusCode, detail: &'static str) -> Self {
        Self { status, ..Self::new(Code::Malformed, detail) }
    }

    /// There is nothing at a path: for a router's fallback.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "there is nothing at this path")
    }

    /// A path does not take a method: for a router's
    /// [`method_not_allowed_fallback`](axum::Router::method_not_allowed_fallback).
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let detail = "this path does not take this method; the Allow header says which it takes";
        Self::malformed_as(StatusCode::METHOD_NOT_ALLOWED, detail)
    }

    /// No credentials were sent.
    pub(crate) fn unauthenticated() -> Self {
        let detail = "expected the header Authorization: Bearer ACCESS_TOKEN";
        Self::new(Code::Unauthenticated, detail)
    }

    /// RFC 6750 3.1, `invalid_request`.
    pub(crate) fn malformed_authorization() -> Self {
        let detail = "expected one Authorization header: Bearer, one space, an access token";
        Self {
            challenge: Some(r#"Bearer error="invalid_request""#.into()),
            ..Self::new(Code::Malformed, detail)
        }
    }

    pub(crate) fn invalid(errors: Vec<WrongField>) -> Self {
        let detail = "some of the input is not acceptable; `errors` lists all of it";
        Self { errors, ..Self::new(Code::ValidationFailed, detail) }
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "the service cannot answer now; try again later";
        Self { retry_after: Some(5), ..Self::new(Code::Unavailable, detail) }
    }

    /// The program is at fault.
    pub(crate) fn internal() -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::unavailable() }
    }
}

impl From<FieldError> for WrongField {
    fn from(error: FieldError) -> Self {
        let FieldError { field, code, message } = error;
        Self { field, code, message }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let view = View {
            // The code says all there is; there is no page to point to (RFC 9457 4.2.1).
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            errors: &self.errors,
            retry_after: self.retry_after,
        };
        let body = serde_json::to_vec(&view).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, json);
        let challenge =
            self.challenge.and_then(|challenge| HeaderValue::try_from(&*challenge).ok());
        let retry_after = self.retry_after.map(HeaderValue::from);
        let optional: [(HeaderName, _); 2] =
            [(header::WWW_AUTHENTICATE, challenge), (header::RETRY_AFTER, retry_after)];
        for (name, value) in optional {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// For descriptions of routes: `body = Problem, content_type = "application/problem+json"`.
impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        View::schemas(schemas);
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        View::schema()
    }
}

/// An error (RFC 9457).
#[derive(Serialize, ToSchema)]
struct View<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: Code,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [WrongField],
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}
