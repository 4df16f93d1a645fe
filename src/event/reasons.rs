//! Why something was refused, or what it was: the details of events.

use serde::{Deserialize, Serialize};

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

/// Why a service was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ServiceFailure {
    /// The token is none of those that are configured.
    UnknownToken,
    /// No tokens are configured.
    NotEnabled,
}

/// Why a genuine API key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApiKeyFailure {
    /// It was revoked, or whatever ends all sessions of its user ended it.
    Revoked,
    /// Its time is over.
    Expired,
    /// It has not the scope that the request takes.
    MissingScope,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LinkPurpose {
    /// To verify the account's address.
    VerifyEmail,
    /// To move the account to another address.
    ChangeEmail,
    /// To take the account back to the address before.
    UndoEmailChange,
    /// To open a closed account again.
    ReopenAccount,
}

/// Why the link of an invitation counts no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeadInvitation {
    /// Its time is over, it was revoked, or all its seats are taken.
    Closed,
    /// Who invited may do so no more.
    Inviter,
    /// It is gone.
    Unknown,
}

/// Why a genuine refresh token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshFailure {
    /// Its session was ended.
    Revoked,
    /// Its session is over.
    Expired,
    /// The policy asks more of its user than it did when the session was opened. The client was told.
    Owing,
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
    /// The code of the second factor is not right, or was used before.
    WrongSecondFactor,
}

/// Why a code of an authenticator app was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TotpFailure {
    /// It is not the code of now.
    WrongCode,
    /// It is of the step of the last code that was accepted, or of one before: somebody may have watched it.
    UsedCode,
    /// The stored seed cannot be read: the key that sealed it is not in the key ring, or it was changed.
    UnreadableSeed,
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
    /// Guesses at the codes of one account's authenticator app.
    Totp,
    /// Guesses at the recovery codes of one account.
    RecoveryCode,
    /// Guesses at the codes that prove one address.
    EmailCode,
    /// Requests for a link that resets the password of one account.
    PasswordReset,
    /// Requests for a link that proves one address.
    EmailProof,
    /// Requests for mail from one network without a session.
    MailNetwork,
    /// Requests of one user for mail to addresses of their choice.
    MailUser,
    /// Service tokens from one network that are not right.
    ServiceNetwork,
}
