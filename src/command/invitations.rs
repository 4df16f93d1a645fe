//! Looking invitations up.

use crate::model::{InvitationId, UserId};

/// Looks an invitation up.
///
/// Expired, revoked and full ones are found too, as long as their rows are kept. As with
/// [`FindUser`](super::FindUser), what was acknowledged before is seen.
#[derive(Clone, Copy, Debug)]
pub struct FindInvitation {
    /// Which one.
    pub id: InvitationId,
}

/// Lists invitations, newest first.
///
/// The reply holds those that were made by `invited_by` (`None` for administrators) and whose ids come
/// before `before` (all, when it is `None`), in descending order of the bytes of their ids; at most
/// `limit` of them. What became of them does not matter.
#[derive(Clone, Copy, Debug)]
pub struct ListInvitations {
    /// Who invited.
    pub invited_by: Option<UserId>,
    /// Where the page begins.
    pub before: Option<InvitationId>,
    /// How many the page may hold.
    pub limit: u32,
}
