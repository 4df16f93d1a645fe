//! Listing records, a page at a time.

use sqlx::SqlitePool;
use testudo::command::{ListSessions, ListUsers};
use testudo::model::{Session, User};
use testudo_driver::Fault;

use super::fault::fault;
use super::rows::{self, columns, session_columns, user_columns};
use super::writes::integer;

/// ?1 user, ?2 epoch, ?3 now, ?4 the end of the page before or NULL, ?5 limit.
const LIVE_SESSIONS: &str = concat!(
    "SELECT ",
    session_columns!(),
    " FROM sessions \
     WHERE user_id = ?1 AND epoch = ?2 AND ended_at IS NULL \
       AND expires_at > ?3 AND refreshed_at + idle_timeout > ?3 \
       AND (?4 IS NULL OR id < ?4) \
     ORDER BY id DESC LIMIT ?5"
);

/// ?1 the end of the page before: every id comes after no bytes at all. ?2 limit.
const USERS: &str =
    concat!("SELECT ", user_columns!(), " FROM users WHERE id > ?1 ORDER BY id LIMIT ?2");

pub(super) async fn sessions(
    readers: &SqlitePool,
    command: ListSessions,
) -> Result<Vec<Session>, Fault> {
    let ListSessions { user, epoch, now, before, limit } = command;
    let query = sqlx::query(LIVE_SESSIONS)
        .bind(&user.as_uuid().as_bytes()[..])
        .bind(integer(epoch.get()))
        .bind(integer(now.as_millis()))
        .bind(before.as_ref().map(|id| &id.as_uuid().as_bytes()[..]))
        .bind(limit);
    query.fetch_all(readers).await.map_err(fault)?.iter().map(rows::session).collect()
}

pub(super) async fn users(readers: &SqlitePool, command: ListUsers) -> Result<Vec<User>, Fault> {
    let after = command.after.as_ref().map_or(&[][..], |id| &id.as_uuid().as_bytes()[..]);
    let query = sqlx::query(USERS).bind(after).bind(command.limit);
    query.fetch_all(readers).await.map_err(fault)?.iter().map(rows::user).collect()
}
