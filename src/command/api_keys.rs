//! Looking API keys up.

use super::Standing;
use crate::model::{ApiKey, ApiKeyId, UserId};

/// Looks an API key up, and whether its owner is in good standing.
///
/// One keyed read, as [`FindSession`](super::FindSession). Revoked and expired ones are found too, as long
/// as their rows are kept; one whose owner no longer exists is not.
#[derive(Clone, Copy, Debug)]
pub struct FindApiKey {
    /// Which one.
    pub id: ApiKeyId,
}

/// An API key with its owner's standing, read at the same moment.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedApiKey {
    /// The key.
    pub key: ApiKey,
    /// Its owner's standing.
    pub standing: Standing,
}

/// Lists the API keys of a user, newest first.
///
/// The reply holds those that were not revoked, of whatever epoch and age, and whose ids come before
/// `before` (all, when it is `None`), in descending order of the bytes of their ids; at most `limit` of
/// them.
#[derive(Clone, Copy, Debug)]
pub struct ListApiKeys {
    /// Whose.
    pub user: UserId,
    /// Where the page begins.
    pub before: Option<ApiKeyId>,
    /// How many the page may hold.
    pub limit: u32,
}
