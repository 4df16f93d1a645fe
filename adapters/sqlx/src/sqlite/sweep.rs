//! Sweeping: one statement for each kind of record, so that each looks and removes at once.

use sqlx::SqlitePool;
use testudo::command::{Sweep, Swept};
use testudo::model::AttemptKey;
use testudo_driver::Fault;

use super::fault::fault;
use super::writes::integer;

const SESSIONS: &str = "DELETE FROM sessions WHERE id IN \
    (SELECT id FROM sessions WHERE expires_at <= ?1 LIMIT ?2)";

/// ?1 since when they are idle, ?2 limit, ?3 what the keys of accounts begin with.
///
/// The address is cut off as bytes: as a text it would end at a NUL.
const ATTEMPTS: &str = "DELETE FROM attempts WHERE key IN \
    (SELECT key FROM attempts WHERE window_end <= ?1 AND NOT \
        (consecutive > 0 AND substr(key, 1, length(?3)) = ?3 AND EXISTS \
            (SELECT 1 FROM users WHERE \
                email_key = CAST(substr(CAST(key AS BLOB), length(?3) + 1) AS TEXT))) \
     LIMIT ?2)";

pub(super) async fn sweep(writer: &SqlitePool, command: Sweep) -> Result<Swept, Fault> {
    let sessions = sqlx::query(SESSIONS)
        .bind(integer(command.sessions_expired_by.as_millis()))
        .bind(command.limit);
    let sessions = sessions.execute(writer).await.map_err(fault)?.rows_affected();
    let attempts = sqlx::query(ATTEMPTS)
        .bind(integer(command.attempts_idle_since.as_millis()))
        .bind(command.limit)
        .bind(AttemptKey::ACCOUNT);
    let attempts = attempts.execute(writer).await.map_err(fault)?.rows_affected();
    Ok(Swept { sessions, attempts })
}
