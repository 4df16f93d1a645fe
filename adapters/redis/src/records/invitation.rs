//! Invitations.

use testudo::model::{Invitation, InvitationId, UserId, Version};
use testudo_driver::Fault;

use super::email;
use crate::codec::{Reader, Writer};

/// Scripts look at the version (bytes 2 to 9, counted from 1).
pub(crate) fn invitation_bytes(invitation: &Invitation) -> Result<Vec<u8>, Fault> {
    Ok(Writer::new()
        .number(invitation.version.get())
        .optional(invitation.invited_by, |out, user| out.fixed(user.as_uuid().as_bytes()))
        .optional(invitation.email.as_ref(), email::write)
        .small(invitation.seats)
        .small(invitation.taken)
        .moment(invitation.created_at)
        .moment(invitation.expires_at)
        .optional_moment(invitation.revoked_at)
        .json(&invitation.data)?
        .finish())
}

pub(crate) fn invitation(id: InvitationId, record: &[u8]) -> Result<Invitation, Fault> {
    let (invited_by, email) = ("invitations.invited_by", "invitations.email");
    let mut input = Reader::new(record, "invitations.format")?;
    let version = Version::new(input.number("invitations.version")?);
    let invitation = Invitation {
        id,
        invited_by: input.optional(invited_by, |it| it.uuid(invited_by).map(UserId::from_uuid))?,
        email: input.optional(email, |it| email::read(it, email))?,
        seats: input.small("invitations.seats")?,
        taken: input.small("invitations.taken")?,
        created_at: input.moment("invitations.created_at")?,
        expires_at: input.moment("invitations.expires_at")?,
        revoked_at: input.optional_moment("invitations.revoked_at")?,
        data: input.json("invitations.data")?,
        version,
    };
    input.finish(invitation, "invitations.data")
}
