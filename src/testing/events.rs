//! One event of each kind.

use uuid::Uuid;

use crate::event::{
    ApiKeyFailure, DeadInvitation, DeadLink, Event, LimitName, LinkPurpose, LoginFailure,
    RefreshFailure, ServiceFailure, TotpFailure,
};
use crate::model::{ApiKeyId, InvitationId, Method, OnboardingId, UserId};
use crate::owed::Owed;
use crate::time::Timestamp;

/// One event of each kind that there is.
///
/// What is said of "every event" is tested with these. A kind that is added does not compile until it has
/// its place here.
#[must_use]
pub fn every_event() -> Vec<Event> {
    std::iter::successors(Some(Event::UserCreated), after).collect()
}

fn after(event: &Event) -> Option<Event> {
    Some(match event {
        Event::UserCreated => {
            Event::UnprovenAccountRemoved { by: UserId::from_uuid(Uuid::from_u128(6)) }
        }
        Event::UnprovenAccountRemoved { .. } => Event::UserImported,
        Event::UserImported => Event::UserActivated,
        Event::UserActivated => Event::UserDeactivated,
        Event::UserDeactivated => {
            Event::UserLogin { methods: vec![Method::Password], password_rehashed: true }
        }
        Event::UserLogin { .. } => {
            let reason = LoginFailure::UnknownUser;
            Event::UserLoginFailed { email: "\u{1f422}***@ex\u{e4}mple.com".into(), reason }
        }
        Event::UserLoginFailed { .. } => {
            Event::RateLimitExceeded { limit: LimitName::LoginAccount }
        }
        Event::RateLimitExceeded { .. } => Event::UserLogout,
        Event::UserLogout => Event::UserLogoutAll,
        Event::UserLogoutAll => Event::OtherSessionsEnded,
        Event::OtherSessionsEnded => Event::SessionRevoked,
        Event::SessionRevoked => Event::SessionsRevoked,
        Event::SessionsRevoked => Event::PasswordChanged,
        Event::PasswordChanged => {
            Event::PasswordChangeFailed { reason: LoginFailure::WrongPassword }
        }
        Event::PasswordChangeFailed { .. } => Event::PasswordSet { must_change: true },
        Event::PasswordSet { .. } => Event::TotpEnrolled,
        Event::TotpEnrolled => Event::TotpRemoved { by_admin: true },
        Event::TotpRemoved { .. } => Event::TotpFailed { reason: TotpFailure::WrongCode },
        Event::TotpFailed { .. } => Event::RecoveryCodesReplaced,
        Event::RecoveryCodesReplaced => Event::ProfileUpdated,
        Event::ProfileUpdated => Event::RefreshReused { generation: 0, current: u32::MAX },
        Event::RefreshReused { .. } => {
            Event::PasswordResetRequested { email: "a***@example.com".into(), sent: false }
        }
        Event::PasswordResetRequested { .. } => Event::PasswordResetSent,
        Event::PasswordResetSent => Event::PasswordResetCompleted,
        Event::PasswordResetCompleted => Event::PasswordResetFailed { reason: DeadLink::Expired },
        Event::PasswordResetFailed { .. } => Event::EmailVerificationRequested,
        Event::EmailVerificationRequested => Event::EmailVerified,
        Event::EmailVerified => {
            Event::EmailChangeRequested { email: "b***@example.com".into(), taken: Some(true) }
        }
        Event::EmailChangeRequested { .. } => {
            let (from, to) = ("a***@example.com".into(), "b***@example.com".into());
            Event::EmailChanged { from, to }
        }
        Event::EmailChanged { .. } => Event::EmailRestored { from: "b***@example.com".into() },
        Event::EmailRestored { .. } => Event::AccountClosed { closes_at: Timestamp::MAX },
        Event::AccountClosed { .. } => Event::AccountReopened,
        Event::AccountReopened => Event::Unsubscribed { topic: "n\u{e4}chste \"Post\"".into() },
        Event::Unsubscribed { .. } => {
            let scopes = vec!["reports:read".into(), "\u{1f422}".into()];
            Event::ApiKeyCreated { key: ApiKeyId::from_uuid(Uuid::from_u128(1)), scopes }
        }
        Event::ApiKeyCreated { key, .. } => Event::ApiKeyRevoked { key: *key },
        Event::ApiKeyRevoked { .. } => {
            let invitation = InvitationId::from_uuid(Uuid::from_u128(2));
            Event::InvitationCreated { invitation }
        }
        Event::InvitationCreated { invitation } => {
            Event::InvitationAccepted { invitation: *invitation }
        }
        Event::InvitationAccepted { invitation } => {
            Event::InvitationRevoked { invitation: *invitation }
        }
        Event::InvitationRevoked { .. } => {
            Event::S2sAuthSuccess { service: "billing-eu_1.a".parse().ok() }
        }
        Event::S2sAuthSuccess { .. } => {
            Event::S2sAuthFailed { service: None, reason: ServiceFailure::UnknownToken }
        }
        Event::S2sAuthFailed { .. } => {
            let (key, reason) = (ApiKeyId::from_uuid(Uuid::from_u128(3)), ApiKeyFailure::Revoked);
            Event::ApiKeyRefused { key, reason }
        }
        Event::ApiKeyRefused { .. } => Event::StepUpRequired,
        Event::StepUpRequired => {
            let (purpose, reason) = (LinkPurpose::VerifyEmail, DeadLink::Superseded);
            Event::LinkRefused { purpose, reason }
        }
        Event::LinkRefused { .. } => {
            let invitation = InvitationId::from_uuid(Uuid::from_u128(4));
            Event::InvitationRefused { invitation, reason: DeadInvitation::Closed }
        }
        Event::InvitationRefused { .. } => {
            Event::RefreshRefused { reason: RefreshFailure::Revoked }
        }
        Event::RefreshRefused { .. } => {
            let onboarding = OnboardingId::from_uuid(Uuid::from_u128(5));
            Event::UserLoginPending { onboarding, owes: vec![Owed::SecondFactor] }
        }
        Event::UserLoginPending { onboarding, .. } => {
            let email = "c***@example.com".into();
            Event::OnboardingStarted { onboarding: *onboarding, email }
        }
        Event::OnboardingStarted { onboarding, .. } => {
            Event::OnboardingStepCompleted { onboarding: *onboarding, step: "register".into() }
        }
        Event::OnboardingStepCompleted { onboarding, .. } => {
            Event::OnboardingStepSkipped { onboarding: *onboarding, step: "profile".into() }
        }
        Event::OnboardingStepSkipped { onboarding, .. } => {
            let (step, codes) = ("verify_email".into(), vec!["invalid_code".into()]);
            Event::OnboardingStepFailed { onboarding: *onboarding, step, codes }
        }
        Event::OnboardingStepFailed { onboarding, .. } => {
            Event::OnboardingCompleted { onboarding: *onboarding }
        }
        Event::OnboardingCompleted { onboarding } => {
            Event::OnboardingSessionExpired { onboarding: *onboarding }
        }
        Event::OnboardingSessionExpired { .. } => {
            Event::TermsAccepted { version: "2026-11".into() }
        }
        Event::TermsAccepted { .. } => return None,
    })
}
