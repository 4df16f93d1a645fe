//! The invitation record.

use super::{Email, InvitationId, JsonObject, UserId, Version};
use crate::time::Timestamp;

/// Leave to make accounts, for whoever holds the link.
///
/// The link is signed and names this record; nothing in the record is a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Invitation {
    /// Names it in its link.
    pub id: InvitationId,
    /// Who invited; `None` for an administrator.
    pub invited_by: Option<UserId>,
    /// The only address that may accept it; `None` for whoever has the link.
    pub email: Option<Email>,
    /// How many accounts may be made with it; at least 1.
    pub seats: u32,
    /// How many were.
    pub taken: u32,
    /// What the application wants to know when it is accepted, such as a team. Flows never read it.
    pub data: JsonObject,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first moment at which it counts no more.
    pub expires_at: Timestamp,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// How often the record was written.
    pub version: Version,
}

impl Invitation {
    /// Whether somebody may accept it now: not expired, not revoked, and a seat is free.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.revoked_at.is_none() && self.taken < self.seats
    }

    /// The record after one more account was made with it.
    pub(crate) fn take_seat(self) -> Self {
        Self { taken: self.taken.saturating_add(1), version: self.version.next(), ..self }
    }

    /// The record of this invitation, revoked. It is over then and there, and swept like an expired one.
    pub(crate) fn revoke(self, now: Timestamp) -> Self {
        let expires_at = self.expires_at.min(now);
        Self { revoked_at: Some(now), expires_at, version: self.version.next(), ..self }
    }
}
