//! What happened: the audit trail, one record per outcome.

use serde::{Deserialize, Serialize};

use crate::model::{ApiKeyId, Client, EventId, InvitationId, Method, SessionId, UserId};
use crate::time::Timestamp;

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

/// The kinds of events. Serialised as `{"type": "user_login", …}`; names are stable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// An account was made.
    UserCreated,
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
        /// Whether it has an account, so that its owner was told instead. The client was not told.
        taken: bool,
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
}

/// Why a genuine link counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeadLink {
    /// Its time is over.
    Expired,
    /// It was used, another one was asked for, or the account was changed since: its password, its
    /// address, or all its sessions ended.
    Superseded,
    /// The account was deactivated or closed.
    Inactive,
    /// The account is gone.
    UnknownUser,
}

/// Why a sign-in failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoginFailure {
    /// No account has this address.
    UnknownUser,
    /// The password is not the account's.
    WrongPassword,
    /// The account was deactivated.
    Inactive,
    /// The account has no password.
    UnusablePassword,
    /// The stored hash cannot be read.
    UnreadableHash,
    /// The password was right, and a new one is due. The client was told.
    PasswordChangeRequired,
}

/// A limit on attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LimitName {
    /// Password guesses at one account.
    LoginAccount,
    /// Password guesses from one network.
    LoginNetwork,
    /// Requests for a link that resets the password of one account.
    PasswordReset,
    /// Requests for a link that proves one address.
    EmailProof,
    /// Requests for mail from one network without a session.
    MailNetwork,
    /// Requests of one user for mail to addresses of their choice.
    MailUser,
}
