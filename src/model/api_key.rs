//! The API key record.

use super::{ApiKeyId, Digest, Epoch, UserId, Version};
use crate::command::Standing;
use crate::time::Timestamp;

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

impl ApiKey {
    /// Whether it was revoked, or its user's epoch or activity ended it.
    #[must_use]
    pub fn is_revoked(&self, standing: &Standing) -> bool {
        self.revoked_at.is_some() || self.epoch != standing.epoch || !standing.is_active
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| now >= end)
    }
}
