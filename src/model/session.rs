//! The session record: one row per sign-in, replaced in place by each refresh.

use serde::{Deserialize, Serialize};

use super::{Client, Digest, Epoch, JsonObject, SessionId, UserId, Version};
use crate::command::Standing;
use crate::keys::KeyId;
use crate::time::{Duration, Timestamp};

/// A sign-in and all tokens that descend from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Made by the server at sign-in, never taken from a client.
    pub id: SessionId,
    /// Whose session it is.
    pub user: UserId,
    /// The user's epoch at sign-in. When the user's moves on, the session is dead.
    pub epoch: Epoch,
    /// How the user proved who they are (RFC 8176 `amr`).
    pub methods: Vec<Method>,
    /// When they proved it; refreshing does not move it.
    pub auth_time: Timestamp,
    /// Where the sign-in came from.
    pub client: Client,
    /// When the session began.
    pub created_at: Timestamp,
    /// When the current pair of tokens was issued.
    pub refreshed_at: Timestamp,
    /// How long the session may go without a refresh.
    pub idle_timeout: Duration,
    /// When the session ends for good, refreshed or not.
    pub expires_at: Timestamp,
    /// When the current access token ends.
    pub access_expires_at: Timestamp,
    /// How often the session was refreshed.
    pub generation: u32,
    /// The master key that the chain of refresh tokens derives from.
    pub chain_key: KeyId,
    /// Digest of the current refresh secret.
    pub refresh_digest: Digest,
    /// Digest of the current access secret.
    pub access_digest: Digest,
    /// What the application wanted to travel with the session.
    pub claims: JsonObject,
    /// Whether the session was ended before its time.
    pub ended: Option<Ended>,
    /// How often the record was written.
    pub version: Version,
}

impl Session {
    /// The longest [`idle_timeout`](Self::idle_timeout): what every store can count with. It is never over.
    pub const LONGEST_IDLE: Duration = Duration::from_millis(i64::MAX.unsigned_abs());

    /// When the session ends if it is not refreshed before: idle or absolute, whichever is first.
    #[must_use]
    pub fn refresh_expires_at(&self) -> Timestamp {
        self.expires_at.min(self.refreshed_at + self.idle_timeout)
    }

    /// Whether the session was ended, or its user's epoch or activity ended it.
    #[must_use]
    pub fn is_revoked(&self, standing: &Standing) -> bool {
        self.ended.is_some() || self.epoch != standing.epoch || !standing.is_active
    }

    /// The record of this session after it was ended.
    pub(crate) fn end(mut self, reason: EndReason, now: Timestamp) -> Self {
        self.ended = Some(Ended { at: now, reason });
        self.version = self.version.next();
        self
    }
}

/// When and why a session was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

/// Why a session was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// The user signed out.
    SignedOut,
    /// The user ended it from another session, or an administrator did.
    Revoked,
    /// A refresh token was used a second time, so somebody else may hold a copy.
    RefreshReused,
}

/// How somebody proved who they are (RFC 8176).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Method {
    /// With a password.
    #[serde(rename = "pwd")]
    Password,
    /// With a code of an authenticator app.
    Otp,
    /// With a recovery code, which is used once. RFC 8176 has no name for it.
    #[serde(rename = "recovery")]
    RecoveryCode,
    /// With another service, which vouches for them. RFC 8176 has no name for it; `fed` is what others use.
    #[serde(rename = "fed")]
    Federated,
}

impl Method {
    /// Whether it is something that its owner has, besides what they know.
    #[must_use]
    pub const fn is_second_factor(self) -> bool {
        match self {
            Self::Otp | Self::RecoveryCode => true,
            Self::Password | Self::Federated => false,
        }
    }
}

/// How long a session lasts. Serialised with spans in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetime {
    /// Without a refresh.
    pub idle: Duration,
    /// In all, refreshed or not.
    pub absolute: Duration,
}
