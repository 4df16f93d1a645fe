//! What a flow says when the answer is no.

use std::borrow::Cow;

use crate::time::Duration;

/// Why a flow ended without doing what was asked.
///
/// These are decisions, not failures: a store that does not answer is a fault of the driver's and
/// never becomes one of these. Each says what the caller may do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Address and password do not belong together. The same for unknown, inactive and
    /// password-less accounts (ASVS 5.0 6.3.8).
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// Too many attempts; they go on being refused until the time has passed.
    #[error("too many attempts; try again in {} s", .retry_after.as_secs_rounded_up())]
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// So many guesses in a row failed that this password signs nobody in any more (NIST SP
    /// 800-63B-4 3.2.2). A password reset ends it.
    #[error("too many failed attempts; reset the password to sign in again")]
    PasswordStopped,
    /// The current password, asked for once more within a session, is not the account's.
    #[error("the current password is wrong")]
    InvalidPassword,
    /// The token is malformed, made up or not known any more.
    #[error("the token is not valid")]
    InvalidToken,
    /// The token is genuine and its time is over. Refresh, or sign in again.
    #[error("the token has expired")]
    ExpiredToken,
    /// The token is genuine and its session was ended. Sign in again.
    #[error("the session was ended")]
    RevokedToken,
    /// The address belongs to an account.
    ///
    /// # Security
    ///
    /// Telling an anonymous client this tells it who has an account. It is for administrators.
    #[error("an account with this e-mail address exists already")]
    EmailTaken,
    /// The sign-in is too long ago for what changes how somebody signs in
    /// ([`Policy::fresh_sign_in`](crate::Policy::fresh_sign_in)): sign in again (ASVS 5.0 7.5.1).
    #[error("sign in again to do this")]
    StepUpRequired,
    /// Only who has shown that the account's address is theirs may do this: verify it first.
    #[error("verify the e-mail address first")]
    EmailUnverified,
    /// The service requires a second factor of this account, so it is not removed. Bind the account to another
    /// one instead.
    #[error("this account must have a second factor; set up another one in its place")]
    FactorRequired,
    /// The API key is good, and is for something else (RFC 6750 3.1, `insufficient_scope`).
    #[error("expected an API key of the scope {scope}")]
    Forbidden {
        /// The scope that was asked for.
        scope: String,
    },
    /// There are as many as there may be; remove one first.
    #[error("expected at most {most} at a time; remove one first")]
    TooMany {
        /// How many there may be.
        most: u32,
    },
    /// The account was deactivated or closed. It is for administrators, who may change that.
    #[error("the account is deactivated or closed: activate or reopen it first")]
    Inactive,
    /// There is no such record, or it is somebody else's.
    #[error("there is no such record")]
    NotFound,
    /// Not every session has a record with this kind of tokens
    /// ([`Records`](crate::token::backend::Records)), so they cannot be listed, nor one be ended from
    /// another. Sign out everywhere instead.
    #[error("sessions are not recorded with this kind of tokens")]
    NotRecorded,
    /// Nobody can sign up by themselves.
    #[error("registration is closed")]
    RegistrationClosed,
    /// The token is of no onboarding session: it is made up, or another one took its place.
    #[error("there is no such onboarding session; start again")]
    OnboardingUnknown,
    /// The onboarding session's time is over. Start again.
    #[error("the onboarding session has expired; start again")]
    OnboardingExpired,
    /// All steps of the onboarding session are done. Sign in.
    #[error("all steps are done; sign in")]
    OnboardingComplete,
    /// Another request moved the onboarding session on. Resume it.
    #[error("another request came first; resume the onboarding session")]
    OnboardingMoved,
    /// So many codes in a row were wrong that no code counts any more (NIST SP 800-63B-4 3.2.2). A code of
    /// another kind, such as a recovery code, still does.
    #[error("too many wrong codes; use a recovery code, or ask for help")]
    SecondFactorStopped,
    /// The application did not answer a question of a step of its own in the terms of that question.
    #[error("the service cannot answer `{question}` now; try again later")]
    Unanswered {
        /// The name of the question.
        question: &'static str,
    },
    /// Some input is not acceptable; all that is wrong is listed.
    #[error("some of the input is not acceptable")]
    Invalid(Vec<FieldError>),
    /// Others kept changing the same records. Nothing was done; trying again is safe.
    #[error("too many changes at once; try again")]
    Busy,
}

impl Refusal {
    /// A stable name for logs and metrics: `"rate_limited"`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidCredentials => "invalid_credentials",
            Self::RateLimited { .. } => "rate_limited",
            Self::PasswordStopped => "password_stopped",
            Self::InvalidPassword => "invalid_password",
            Self::InvalidToken => "invalid_token",
            Self::ExpiredToken => "expired_token",
            Self::RevokedToken => "revoked_token",
            Self::EmailTaken => "email_taken",
            Self::StepUpRequired => "step_up_required",
            Self::EmailUnverified => "email_unverified",
            Self::FactorRequired => "factor_required",
            Self::Forbidden { .. } => "forbidden",
            Self::TooMany { .. } => "too_many",
            Self::Inactive => "inactive",
            Self::NotFound => "not_found",
            Self::NotRecorded => "not_recorded",
            Self::RegistrationClosed => "registration_closed",
            Self::OnboardingUnknown => "onboarding_unknown",
            Self::OnboardingExpired => "onboarding_expired",
            Self::OnboardingComplete => "onboarding_complete",
            Self::OnboardingMoved => "onboarding_moved",
            Self::SecondFactorStopped => "second_factor_stopped",
            Self::Unanswered { .. } => "unanswered",
            Self::Invalid(_) => "invalid",
            Self::Busy => "busy",
        }
    }
}

/// What is wrong with one field of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field.
    pub field: Cow<'static, str>,
    /// A stable name for what is wrong.
    pub code: Cow<'static, str>,
    /// The same for people: what was expected.
    pub message: String,
}

impl FieldError {
    /// Says what is wrong with a field, and what was expected.
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        code: impl Into<Cow<'static, str>>,
        message: impl ToString,
    ) -> Self {
        Self { field: field.into(), code: code.into(), message: message.to_string() }
    }
}
