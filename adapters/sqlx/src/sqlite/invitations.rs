//! Invitations: how their rows are read, listed and written.

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use testudo::command::{FindInvitation, ListInvitations};
use testudo::model::{Email, EmailKey, Invitation, InvitationId, UserId, Version};
use testudo_driver::Fault;

use super::fault::{Unreadable, fault};
use super::rows::{self, column, columns};
use super::writes::{Statement, blob, integer, json};

macro_rules! invitation_columns {
    () => {
        columns!(
            "invitations": "id", "invited_by", "email", "email_key", "seats", "taken", "data",
            "created_at", "expires_at", "revoked_at", "version"
        )
    };
}

const BY_ID: &str = concat!("SELECT ", invitation_columns!(), " FROM invitations WHERE id = ?1");

/// ?1 who invited or NULL, ?2 the end of the page before or NULL, ?3 limit.
const OF_USER: &str = concat!(
    "SELECT ",
    invitation_columns!(),
    " FROM invitations WHERE invited_by IS ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3"
);

const INSERT: &str = "INSERT INTO invitations \
    (id, invited_by, email, email_key, seats, taken, data, created_at, expires_at, revoked_at, \
     version) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

const REPLACE: &str = "UPDATE invitations SET \
    invited_by = ?2, email = ?3, email_key = ?4, seats = ?5, taken = ?6, data = ?7, \
    created_at = ?8, expires_at = ?9, revoked_at = ?10, version = ?11 \
    WHERE id = ?1 AND version = ?12";

pub(super) async fn find(
    readers: &SqlitePool,
    command: FindInvitation,
) -> Result<Option<Invitation>, Fault> {
    let query = sqlx::query(BY_ID).bind(&command.id.as_uuid().as_bytes()[..]);
    query.fetch_optional(readers).await.map_err(fault)?.as_ref().map(invitation).transpose()
}

pub(super) async fn list(
    readers: &SqlitePool,
    command: ListInvitations,
) -> Result<Vec<Invitation>, Fault> {
    let ListInvitations { invited_by, before, limit } = command;
    let query = sqlx::query(OF_USER)
        .bind(invited_by.as_ref().map(|id| &id.as_uuid().as_bytes()[..]))
        .bind(before.as_ref().map(|id| &id.as_uuid().as_bytes()[..]))
        .bind(limit);
    query.fetch_all(readers).await.map_err(fault)?.iter().map(invitation).collect()
}

pub(super) fn insert(invitation: &Invitation) -> Result<Statement, Fault> {
    bind(sqlx::query(INSERT), invitation)
}

pub(super) fn replace(invitation: &Invitation, was: Version) -> Result<Statement, Fault> {
    Ok(bind(sqlx::query(REPLACE), invitation)?.bind(integer(was.get())))
}

/// Parameters 1 to 11, in the order of the statements above.
fn bind(statement: Statement, invitation: &Invitation) -> Result<Statement, Fault> {
    let email = invitation.email.as_ref();
    Ok(statement
        .bind(blob(invitation.id.as_uuid()))
        .bind(invitation.invited_by.map(|user| blob(user.as_uuid())))
        .bind(email.map(|email| email.as_str().to_owned()))
        .bind(email.map(|email| email.key().as_str().to_owned()))
        .bind(invitation.seats)
        .bind(invitation.taken)
        .bind(json(&invitation.data)?)
        .bind(integer(invitation.created_at.as_millis()))
        .bind(integer(invitation.expires_at.as_millis()))
        .bind(invitation.revoked_at.map(|moment| integer(moment.as_millis())))
        .bind(integer(invitation.version.get())))
}

fn invitation(row: &SqliteRow) -> Result<Invitation, Fault> {
    let typed: Option<String> = column(row, "invitations.email")?;
    let key: Option<String> = column(row, "invitations.email_key")?;
    let email = match (typed, key) {
        (Some(typed), Some(key)) => Some(Email::from_stored(typed, EmailKey::from_stored(key))),
        (None, None) => None,
        _ => return Err(Unreadable("invitations.email").into()),
    };
    Ok(Invitation {
        id: InvitationId::from_uuid(rows::uuid(row, "invitations.id")?),
        invited_by: rows::optional_uuid(row, "invitations.invited_by")?.map(UserId::from_uuid),
        email,
        seats: column(row, "invitations.seats")?,
        taken: column(row, "invitations.taken")?,
        data: rows::json(row, "invitations.data")?,
        created_at: rows::moment(row, "invitations.created_at")?,
        expires_at: rows::moment(row, "invitations.expires_at")?,
        revoked_at: rows::optional_moment(row, "invitations.revoked_at")?,
        version: Version::new(rows::number(row, "invitations.version")?),
    })
}
