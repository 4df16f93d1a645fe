//! The API key record.

use super::{ApiKeyId, Digest, Epoch, UserId, Version};
use crate::command::Standing;
use crate::time::{Duration, Timestamp};

/// A key by which a program acts for a user. It is not a session, and opens none.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Names it. The key itself carries the id and a secret.
    pub id: ApiKeyId,
    /// For whom it acts.
    pub user: UserId,
    /// The user's epoch when it was made. When the user's moves on, the key is dead.
    pub epoch: Epoch,
    /// What its owner calls it.
    pub name: String,
    /// What it may be used for, in the application's terms.
    pub scopes: Vec<String>,
    /// Digest of its secret.
    pub digest: Digest,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first moment at which it counts no more; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to within a minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// How often the record was written, other than by being used.
    pub version: Version,
}

/// What a key is good for at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyState {
    /// It may be used.
    Live,
    /// Its time is over.
    Expired,
    /// It was revoked, or its user's epoch or activity ended it.
    Revoked,
}

impl ApiKey {
    /// How long the record of a key without an end is kept after it was revoked, so that the key is told
    /// from a made-up one.
    pub const KEPT: Duration = Duration::from_days(90);

    /// What the key is good for `now`. It is valid strictly before its end.
    #[must_use]
    pub fn state(&self, standing: &Standing, now: Timestamp) -> ApiKeyState {
        if self.revoked_at.is_some() || self.epoch != standing.epoch || !standing.is_active {
            ApiKeyState::Revoked
        } else if self.expires_at.is_some_and(|end| now >= end) {
            ApiKeyState::Expired
        } else {
            ApiKeyState::Live
        }
    }

    /// The record of this key, revoked. One that would be kept for ever gets an end.
    pub(crate) fn revoke(self, now: Timestamp) -> Self {
        let expires_at = Some(self.expires_at.unwrap_or(now + Self::KEPT));
        Self { revoked_at: Some(now), expires_at, version: self.version.next(), ..self }
    }
}
