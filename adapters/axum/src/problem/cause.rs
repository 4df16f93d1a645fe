//! The one place that makes problems of refusals and faults.

use std::borrow::Cow;

use testudo::{Policy, Refusal};
use testudo_driver::{AuthError, Fault, FaultKind};
use tracing::{error, warn};

use super::{Code, Problem, WrongField};

impl Problem {
    /// Why a flow did not do what was asked.
    pub(crate) fn of(error: AuthError, policy: &Policy) -> Self {
        match error {
            AuthError::Refused(refusal) => Self::refused(refusal, policy),
            AuthError::Fault(fault) => Self::fault(&fault),
            other => {
                error!(error = %other, "an outcome that this server does not know");
                Self::internal()
            }
        }
    }

    fn refused(refusal: Refusal, policy: &Policy) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::InvalidCredentials => Self::new(Code::InvalidCredentials, detail),
            Refusal::RateLimited { retry_after } => {
                Self::wait(Code::RateLimited, detail, retry_after.as_secs_rounded_up())
            }
            // Waiting does not help here: resetting the password does, or a code of another kind. The answer says how long an
            // ordinary lock lasts, so that clients need no second case and learn no more than that
            // the account is locked.
            Refusal::PasswordStopped | Refusal::SecondFactorStopped => {
                let lock = policy.login_account.lock.as_secs_rounded_up();
                Self::wait(Code::RateLimited, detail, lock)
            }
            Refusal::InvalidToken => Self::new(Code::InvalidToken, detail),
            Refusal::ExpiredToken => Self::new(Code::ExpiredToken, detail),
            Refusal::RevokedToken => Self::new(Code::RevokedToken, detail),
            Refusal::StepUpRequired => Self::new(Code::StepUpRequired, detail),
            Refusal::EmailUnverified | Refusal::FactorRequired | Refusal::RegistrationClosed => {
                Self::new(Code::Forbidden, detail)
            }
            // RFC 6750 3.1.
            Refusal::Forbidden { scope } => Self {
                challenge: Some(insufficient_scope(&scope)),
                ..Self::new(Code::Forbidden, detail)
            },
            Refusal::TooMany { .. } | Refusal::Inactive => Self::new(Code::Conflict, detail),
            Refusal::InvalidPassword => Self::invalid_password(detail),
            Refusal::NotFound | Refusal::NotRecorded => Self::new(Code::NotFound, detail),
            Refusal::EmailTaken | Refusal::OnboardingMoved => Self::new(Code::Conflict, detail),
            Refusal::OnboardingUnknown => Self::new(Code::SessionInvalid, detail),
            Refusal::OnboardingExpired => Self::new(Code::SessionExpired, detail),
            Refusal::OnboardingComplete => Self::new(Code::FlowComplete, detail),
            Refusal::Invalid(errors) => {
                Self::invalid(errors.into_iter().map(WrongField::from).collect())
            }
            // Which of its questions an application leaves open is for its operator to know.
            Refusal::Unanswered { question } => {
                error!(question, "the application's answer is not of its question's type");
                Self::unavailable()
            }
            Refusal::Busy => Self::wait(Code::Unavailable, detail, 1),
            other => {
                error!(refusal = %other, "a refusal that this server does not know");
                Self::internal()
            }
        }
    }

    /// Logged with its cause, inside the request's span; the client learns only that it may try again.
    pub(crate) fn fault(fault: &Fault) -> Self {
        match fault.kind() {
            FaultKind::Overloaded => {
                warn!(%fault, "a request was turned away");
                Self::wait(Code::Overloaded, "too many requests at once; try again shortly", 1)
            }
            _ => {
                error!(%fault, "a request failed");
                Self::unavailable()
            }
        }
    }

    /// The current password, asked for once more, is not the right one.
    fn invalid_password(detail: String) -> Self {
        let errors = vec![WrongField::new("current_password", "invalid_password", detail.clone())];
        Self { errors, ..Self::new(Code::InvalidPassword, detail) }
    }

    fn wait(code: Code, detail: impl Into<Cow<'static, str>>, seconds: u64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..Self::new(code, detail) }
    }
}

/// The challenge to who has a key for something else; it names the scope if that can be named there.
fn insufficient_scope(scope: &str) -> Cow<'static, str> {
    let is_scope_token = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    if !scope.is_empty() && scope.chars().all(is_scope_token) {
        format!(r#"Bearer error="insufficient_scope", scope="{scope}""#).into()
    } else {
        r#"Bearer error="insufficient_scope""#.into()
    }
}

#[cfg(test)]
mod tests {
    use testudo::Duration;

    use super::*;

    fn status_and_wait(refusal: Refusal) -> (u16, Option<u64>) {
        let problem = Problem::refused(refusal, &Policy::default());
        (problem.status.as_u16(), problem.retry_after)
    }

    #[test]
    fn waiting_is_told_in_whole_seconds_and_never_as_none() {
        let limited = |millis| Refusal::RateLimited { retry_after: Duration::from_millis(millis) };
        assert_eq!(status_and_wait(limited(1001)), (429, Some(2)));
        assert_eq!(status_and_wait(limited(0)), (429, Some(1)));
        assert_eq!(status_and_wait(Refusal::PasswordStopped), (429, Some(600)));
        assert_eq!(status_and_wait(Refusal::Busy), (503, Some(1)));
    }

    #[test]
    fn a_fault_is_told_without_its_cause() {
        for (kind, code) in [
            (FaultKind::Overloaded, Code::Overloaded),
            (FaultKind::Unavailable, Code::Unavailable),
            (FaultKind::Corrupt, Code::Unavailable),
            (FaultKind::Internal, Code::Unavailable),
        ] {
            let problem = Problem::fault(&Fault::new(kind, "disk /dev/sda1 is on fire"));
            assert_eq!((problem.code, problem.status.as_u16()), (code, 503));
            assert!(problem.retry_after.is_some());
            assert!(!problem.detail.contains("fire"));
        }
    }
}
