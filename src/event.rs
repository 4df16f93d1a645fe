//! What happened: the audit trail, one record per outcome.

mod reasons;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, IntoStaticStr, VariantArray};

use crate::model::{
    ApiKeyId, Client, EventId, InvitationId, Method, OnboardingId, SessionId, UserId,
};
use crate::owed::Owed;
use crate::service::ServiceName;
use crate::time::Timestamp;

pub use self::reasons::{
    ApiKeyFailure, DeadInvitation, DeadLink, LimitName, LinkPurpose, LoginFailure, RefreshFailure,
    ServiceFailure, TotpFailure,
};

/// Something that happened, with who, when and from where (ASVS 5.0 16.2.1).
///
/// It is committed with the change that it reports, and delivered afterwards at least once: a
/// consumer tells repeats by `id`. No record ever holds a secret, nor a full address of somebody who
/// has no account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// Tells repeated deliveries.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Whom it concerns, when that is known.
    pub user: Option<UserId>,
    /// Which session it concerns, if one.
    pub session: Option<SessionId>,
    /// Where the request came from.
    pub client: Client,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// Events that were taken from their store, to be handed to a consumer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TakenEvents {
    /// The events, in the order of their commits.
    pub events: Vec<EventRecord>,
    /// How often events were handed out since the consumer last took one, this time included; 0 where there
    /// are none.
    pub attempts: u32,
}

/// What happened. Serialised as `{"type": "user_login", …}`.
///
/// Names and fields are stable: kinds and fields may be added, and none changes its meaning or goes. Who reads
/// events passes over what it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "type", rename_all = "snake_case")]
#[strum_discriminants(
    name(EventKind),
    derive(PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray),
    strum(serialize_all = "snake_case"),
    serde(rename_all = "snake_case"),
    non_exhaustive,
    allow(missing_docs),
    doc = "The kinds of events: one for each [`Event`], whose page says what it means."
)]
#[non_exhaustive]
pub enum Event {
    /// An account was made.
    UserCreated,
    /// An account whose address was never verified was removed, with all that was left there, since somebody else
    /// verified that address and has an account of their own now. What the application keeps under its id is nobody's.
    UnprovenAccountRemoved {
        /// The account that has the address now.
        by: UserId,
    },
    /// An account was brought along from another system.
    UserImported,
    /// An account may be used again.
    UserActivated,
    /// An account was closed to its user. All its sessions ended.
    UserDeactivated,
    /// Somebody signed in.
    UserLogin {
        /// How they proved who they are.
        methods: Vec<Method>,
        /// Whether their stored password hash was replaced by a current one.
        password_rehashed: bool,
    },
    /// Somebody came so far that only something else is owed before they are let in.
    UserLoginPending {
        /// The onboarding session in which it is paid.
        onboarding: OnboardingId,
        /// What is owed.
        owes: Vec<Owed>,
    },
    /// Somebody began to register.
    OnboardingStarted {
        /// The onboarding session.
        onboarding: OnboardingId,
        /// The address, masked.
        email: String,
    },
    /// A step of onboarding was done.
    OnboardingStepCompleted {
        /// The onboarding session.
        onboarding: OnboardingId,
        /// The step.
        step: String,
    },
    /// A step of onboarding was skipped.
    OnboardingStepSkipped {
        /// The onboarding session.
        onboarding: OnboardingId,
        /// The step.
        step: String,
    },
    /// What was said to a step of onboarding would not do. Recorded for each guess that is counted, else once a
    /// minute for each onboarding session.
    OnboardingStepFailed {
        /// The onboarding session.
        onboarding: OnboardingId,
        /// The step.
        step: String,
        /// What was wrong, by the codes of the errors.
        codes: Vec<String>,
    },
    /// The last step of onboarding was done, and a session opened.
    OnboardingCompleted {
        /// The onboarding session.
        onboarding: OnboardingId,
    },
    /// Somebody came back to an onboarding session whose time was over. Recorded once a minute for each.
    OnboardingSessionExpired {
        /// The onboarding session.
        onboarding: OnboardingId,
    },
    /// The current terms of service were accepted.
    TermsAccepted {
        /// Their version.
        version: String,
    },
    /// A sign-in failed.
    UserLoginFailed {
        /// The address that was tried, masked.
        email: String,
        /// Why. The client was not told.
        reason: LoginFailure,
    },
    /// A limit was reached: further attempts are refused for a while.
    RateLimitExceeded {
        /// Which limit.
        limit: LimitName,
    },
    /// Somebody signed out.
    UserLogout,
    /// Somebody signed out everywhere.
    UserLogoutAll,
    /// Somebody ended all their sessions but the one from which they did.
    OtherSessionsEnded,
    /// One session was ended from outside: by its user from another one, or by an administrator.
    SessionRevoked,
    /// An administrator ended all sessions of a user.
    SessionsRevoked,
    /// A user chose another password. All sessions ended but the one in which it was chosen.
    PasswordChanged,
    /// A user wanted another password and did not know the current one.
    PasswordChangeFailed {
        /// Why.
        reason: LoginFailure,
    },
    /// An administrator gave a user another password. All sessions ended.
    PasswordSet {
        /// Whether the user must choose another one at the next sign-in.
        must_change: bool,
    },
    /// An account was bound to an authenticator app, and got new recovery codes. All sessions ended but the one
    /// in which it was.
    TotpEnrolled,
    /// An account was unbound from its authenticator app, and lost its recovery codes. All sessions ended but the
    /// one in which it was.
    TotpRemoved {
        /// Whether an administrator did it.
        by_admin: bool,
    },
    /// A code of an authenticator app was refused.
    TotpFailed {
        /// Why. The client was not told.
        reason: TotpFailure,
    },
    /// A user got new recovery codes; those from before count no more. All sessions ended but the one in which
    /// it was; at sign-in, none did.
    RecoveryCodesReplaced,
    /// A user changed their profile.
    ProfileUpdated,
    /// A spent refresh token was used again, and its session ended: somebody else may hold a copy.
    RefreshReused {
        /// The generation of the spent token.
        generation: u32,
        /// The generation the session had reached.
        current: u32,
    },
    /// Somebody asked for a link that resets a password.
    PasswordResetRequested {
        /// The address that was given, masked.
        email: String,
        /// Whether a link was sent. The client was not told.
        sent: bool,
    },
    /// An administrator had a link sent that resets a password.
    PasswordResetSent,
    /// A password was set by a link. All sessions ended.
    PasswordResetCompleted,
    /// A link that resets a password was genuine, and came to nothing.
    PasswordResetFailed {
        /// Why. The client was not told.
        reason: DeadLink,
    },
    /// A user asked for a link that verifies the account's address.
    EmailVerificationRequested,
    /// The account's address was verified by a link.
    EmailVerified,
    /// A user asked to move the account to another address.
    EmailChangeRequested {
        /// The new address, masked.
        email: String,
        /// Whether it has an account, so that its owner was told instead. The client was not told, and is
        /// not when it lists its events: `None` there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        taken: Option<bool>,
    },
    /// The account moved to another address. All sessions ended.
    EmailChanged {
        /// The address before, masked.
        from: String,
        /// The address now, masked.
        to: String,
    },
    /// The account was taken back to the address that it had before. All sessions ended, and the password
    /// is none any more.
    EmailRestored {
        /// The address that it was taken back from, masked.
        from: String,
    },
    /// A user closed their account. All sessions ended.
    AccountClosed {
        /// From when on it is removed.
        closes_at: Timestamp,
    },
    /// An account that its owner had closed was opened again.
    AccountReopened,
    /// Somebody wants no more mail about something.
    Unsubscribed {
        /// About what, as the application calls it.
        topic: String,
    },
    /// A user made an API key.
    ApiKeyCreated {
        /// Which one.
        key: ApiKeyId,
        /// What it may be used for.
        scopes: Vec<String>,
    },
    /// An API key was revoked: by its user, or by an administrator.
    ApiKeyRevoked {
        /// Which one.
        key: ApiKeyId,
    },
    /// Somebody was invited: by a user, or by an administrator.
    InvitationCreated {
        /// Which invitation.
        invitation: InvitationId,
    },
    /// An account was made by accepting an invitation.
    InvitationAccepted {
        /// Which invitation.
        invitation: InvitationId,
    },
    /// An invitation was taken back: by who invited, or by an administrator.
    InvitationRevoked {
        /// Which invitation.
        invitation: InvitationId,
    },
    /// Another service was let in.
    S2sAuthSuccess {
        /// What it calls itself, if it does.
        service: Option<ServiceName>,
    },
    /// Somebody wanted to be let in as a service, and was not.
    S2sAuthFailed {
        /// What they called themselves, if they did.
        service: Option<ServiceName>,
        /// Why.
        reason: ServiceFailure,
    },
    /// An API key was genuine, and was refused. Recorded once a minute for each key.
    ApiKeyRefused {
        /// Which one.
        key: ApiKeyId,
        /// Why.
        reason: ApiKeyFailure,
    },
    /// A user wanted something that takes a fresh sign-in, and had none. The client was told. Recorded once a
    /// minute for each session.
    StepUpRequired,
    /// A link was genuine, and came to nothing; those that reset passwords have an event of their own.
    /// Recorded once a minute for each account.
    LinkRefused {
        /// What it was for.
        purpose: LinkPurpose,
        /// Why. The client was not told.
        reason: DeadLink,
    },
    /// The link of an invitation was genuine, and came to nothing. Recorded once a minute for each invitation.
    InvitationRefused {
        /// Which invitation.
        invitation: InvitationId,
        /// Why. The client was not told.
        reason: DeadInvitation,
    },
    /// The refresh token of a session was genuine, and was refused. Recorded once a minute for each session.
    RefreshRefused {
        /// Why.
        reason: RefreshFailure,
    },
}

impl Event {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        self.into()
    }
}

impl EventKind {
    /// All kinds.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// Its name, as in serialised events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

/// A text is the name of no kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a kind of event, such as `user_login`")]
pub struct NotAnEventKind;

impl FromStr for EventKind {
    type Err = NotAnEventKind;

    fn from_str(text: &str) -> Result<Self, NotAnEventKind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text).ok_or(NotAnEventKind)
    }
}
