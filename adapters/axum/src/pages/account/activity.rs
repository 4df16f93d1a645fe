//! What happened, in words.

use testudo::event::EventKind;

use crate::pages::trouble::title;

/// Whether it is for people. Each step that somebody takes is not.
pub(super) const fn is_told(kind: EventKind) -> bool {
    !matches!(
        kind,
        EventKind::OnboardingStarted
            | EventKind::OnboardingStepCompleted
            | EventKind::OnboardingStepSkipped
            | EventKind::OnboardingStepFailed
            | EventKind::OnboardingCompleted
    )
}

/// What a kind of event is called to its owner.
pub(super) fn words(kind: EventKind) -> String {
    let words = match kind {
        EventKind::UserCreated => "Account created",
        EventKind::UserLogin => "Signed in",
        EventKind::UserLoginPending => "Password accepted",
        EventKind::UserLoginFailed => "Sign-in failed",
        EventKind::UserLogout => "Signed out",
        EventKind::UserLogoutAll => "Signed out everywhere",
        EventKind::OtherSessionsEnded => "All other sessions ended",
        EventKind::SessionRevoked => "Session ended",
        EventKind::SessionsRevoked => "Sessions ended",
        EventKind::PasswordChanged => "Password changed",
        EventKind::PasswordChangeFailed => "Password not changed",
        EventKind::PasswordResetSent => "Link to reset the password sent",
        EventKind::PasswordResetCompleted => "Password reset",
        EventKind::TotpEnrolled => "Authenticator app set up",
        EventKind::TotpRemoved => "Authenticator app removed",
        EventKind::TotpFailed => "Wrong code of an authenticator app",
        EventKind::RecoveryCodesReplaced => "New recovery codes made",
        EventKind::ProfileUpdated => "Profile changed",
        EventKind::EmailVerified => "E-mail address verified",
        EventKind::EmailVerificationRequested => "Link to verify the e-mail address sent",
        EventKind::EmailChanged => "E-mail address changed",
        EventKind::EmailRestored => "E-mail address restored",
        EventKind::TermsAccepted => "Terms of service accepted",
        EventKind::RefreshReused => "Session ended: its token was used twice",
        EventKind::StepUpRequired => "Asked to sign in again",
        other => return title(other.as_str()),
    };
    words.to_owned()
}
