//! Listing the sessions of a user.

use crate::model::{Epoch, SessionId, UserId};
use crate::time::Timestamp;

/// Lists the live sessions of a user, newest first.
///
/// Live is a session of this epoch that was neither ended nor, at `now`, is over
/// ([`Session::refresh_expires_at`](crate::model::Session::refresh_expires_at)). The reply holds those whose
/// ids come before `before` (all, when it is `None`), in descending order of the bytes of their ids,
/// which begin with the time they were made; at most `limit` of them. So the last id of one page is
/// the `before` of the next.
///
/// As with [`FindUser`](super::FindUser), what was acknowledged before is seen.
#[derive(Clone, Copy, Debug)]
pub struct ListSessions {
    /// Whose sessions.
    pub user: UserId,
    /// The user's epoch: sessions of any other are dead.
    pub epoch: Epoch,
    /// The moment at which they must be live.
    pub now: Timestamp,
    /// Where the page begins.
    pub before: Option<SessionId>,
    /// How many the page may hold.
    pub limit: u32,
}
