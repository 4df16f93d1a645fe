//! Invitations.

use testudo::model::{Email, EmailKey, Invitation, InvitationId, UserId, Version};
use testudo_driver::Fault;

use super::{count, id, json, moment, number, optional_moment, parsed};
use crate::sql::fault::Unreadable;
use crate::sql::row::Columns;
use crate::sql::value::Value;

pub(crate) fn invitation<R: Columns>(row: &R) -> Result<Invitation, Fault> {
    let typed = row.text("invitations.email")?.map(str::to_owned);
    let key = row.text("invitations.email_key")?.map(str::to_owned);
    let email = match (typed, key) {
        (Some(typed), Some(key)) => Some(Email::from_stored(typed, EmailKey::from_stored(key))),
        (None, None) => None,
        _ => return Err(Unreadable::at("invitations.email")),
    };
    Ok(Invitation {
        id: InvitationId::from_uuid(id(row, "invitations.id")?),
        invited_by: row.uuid("invitations.invited_by")?.map(UserId::from_uuid),
        email,
        seats: count(row, "invitations.seats")?,
        taken: count(row, "invitations.taken")?,
        data: parsed(row, "invitations.data")?,
        created_at: moment(row, "invitations.created_at")?,
        expires_at: moment(row, "invitations.expires_at")?,
        revoked_at: optional_moment(row, "invitations.revoked_at")?,
        version: Version::new(number(row, "invitations.version")?),
    })
}

pub(crate) fn invitation_values(invitation: &Invitation) -> Result<Vec<Value<'_>>, Fault> {
    let email = invitation.email.as_ref();
    Ok(vec![
        Value::uuid(invitation.id.as_uuid()),
        Value::Uuid(invitation.invited_by.map(|id| *id.as_uuid())),
        Value::Text(email.map(|email| email.as_str().into())),
        Value::Text(email.map(|email| email.key().as_str().into())),
        invitation.seats.into(),
        invitation.taken.into(),
        json(&invitation.data)?,
        invitation.created_at.into(),
        invitation.expires_at.into(),
        invitation.revoked_at.into(),
        Value::int(invitation.version.get()),
    ])
}
