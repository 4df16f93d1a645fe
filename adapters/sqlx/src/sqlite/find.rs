//! Looking records up: one keyed read for each command.

use sqlx::SqlitePool;
use testudo::command::{
    FindSession, FindSessionWithUser, FindUser, FindUserWithSession, OwnedSession, UserKey,
};
use testudo::model::{Session, SessionId, User};
use testudo_driver::Fault;

use super::fault::fault;
use super::rows::{self, columns, session_columns, standing_columns, user_columns};

const USER_BY_ID: &str = concat!("SELECT ", user_columns!(), " FROM users WHERE id = ?1");

const USER_BY_EMAIL: &str = concat!("SELECT ", user_columns!(), " FROM users WHERE email_key = ?1");

const SESSION: &str = concat!(
    "SELECT ",
    session_columns!(),
    ", ",
    standing_columns!(),
    " FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?1"
);

const SESSION_RECORD: &str =
    concat!("SELECT ", session_columns!(), " FROM sessions WHERE sessions.id = ?1");

const SESSION_WITH_USER: &str = concat!(
    "SELECT ",
    session_columns!(),
    ", ",
    user_columns!(),
    " FROM sessions JOIN users ON users.id = sessions.user_id WHERE sessions.id = ?1"
);

/// ?1 user, ?2 session. Where there is no such session of theirs, its columns are NULL.
const USER_WITH_SESSION: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", ",
    session_columns!(),
    " FROM users LEFT JOIN sessions ON sessions.id = ?2 AND sessions.user_id = users.id \
     WHERE users.id = ?1"
);

pub(super) async fn user(readers: &SqlitePool, command: &FindUser) -> Result<Option<User>, Fault> {
    let query = match &command.key {
        UserKey::Id(id) => sqlx::query(USER_BY_ID).bind(&id.as_uuid().as_bytes()[..]),
        UserKey::Email(email) => sqlx::query(USER_BY_EMAIL).bind(email.as_str()),
    };
    let row = query.fetch_optional(readers).await.map_err(fault)?;
    row.as_ref().map(rows::user).transpose()
}

pub(super) async fn session(
    readers: &SqlitePool,
    command: FindSession,
) -> Result<Option<OwnedSession>, Fault> {
    let query = sqlx::query(SESSION).bind(&command.id.as_uuid().as_bytes()[..]);
    let Some(row) = query.fetch_optional(readers).await.map_err(fault)? else { return Ok(None) };
    Ok(Some(OwnedSession { session: rows::session(&row)?, standing: rows::standing(&row)? }))
}

pub(super) async fn session_record(
    readers: &SqlitePool,
    id: SessionId,
) -> Result<Option<Session>, Fault> {
    let query = sqlx::query(SESSION_RECORD).bind(&id.as_uuid().as_bytes()[..]);
    let row = query.fetch_optional(readers).await.map_err(fault)?;
    row.as_ref().map(rows::session).transpose()
}

pub(super) async fn session_with_user(
    readers: &SqlitePool,
    command: FindSessionWithUser,
) -> Result<Option<(Session, User)>, Fault> {
    let query = sqlx::query(SESSION_WITH_USER).bind(&command.id.as_uuid().as_bytes()[..]);
    let Some(row) = query.fetch_optional(readers).await.map_err(fault)? else { return Ok(None) };
    Ok(Some((rows::session(&row)?, rows::user(&row)?)))
}

pub(super) async fn user_with_session(
    readers: &SqlitePool,
    command: FindUserWithSession,
) -> Result<Option<(User, Option<Session>)>, Fault> {
    let query = sqlx::query(USER_WITH_SESSION)
        .bind(&command.user.as_uuid().as_bytes()[..])
        .bind(&command.session.as_uuid().as_bytes()[..]);
    let Some(row) = query.fetch_optional(readers).await.map_err(fault)? else { return Ok(None) };
    let is_there = rows::column::<Option<&[u8]>>(&row, "sessions.id")?.is_some();
    let session = is_there.then(|| rows::session(&row)).transpose()?;
    Ok(Some((rows::user(&row)?, session)))
}

/// Whether the file can be read at all, which `SELECT 1` alone would not show.
pub(super) async fn anything(readers: &SqlitePool) -> Result<(), Fault> {
    let query = sqlx::query("SELECT EXISTS (SELECT 1 FROM users)");
    query.fetch_one(readers).await.map(drop).map_err(fault)
}
