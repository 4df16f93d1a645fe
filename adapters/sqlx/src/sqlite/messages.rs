//! Messages on their way out.

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use testudo::Timestamp;
use testudo::message::{SealedMessage, TakenMessage};
use testudo::model::MessageId;
use testudo_driver::Fault;

use super::fault::fault;
use super::rows::{self, column};
use super::writes::{self, Statement, blob, integer};

/// ?1 now, ?2 until when nobody else is given them, ?3 limit. One statement, so that each row is taken
/// once; its rows come back in no order.
const TAKE: &str = "UPDATE messages SET attempts = attempts + 1, next_try = ?2 \
    WHERE seq IN (SELECT seq FROM messages WHERE buried_at IS NULL AND next_try <= ?1 ORDER BY seq LIMIT ?3) \
    RETURNING seq AS \"messages.seq\", id AS \"messages.id\", created_at AS \"messages.created_at\", \
        sealed AS \"messages.sealed\", attempts AS \"messages.attempts\"";

pub(super) async fn take(
    writer: &SqlitePool,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<TakenMessage>, Fault> {
    let query = sqlx::query(TAKE)
        .bind(integer(now.as_millis()))
        .bind(integer(until.as_millis()))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = query.fetch_all(writer).await.map_err(fault)?;
    let mut taken = rows.iter().map(taken).collect::<Result<Vec<_>, _>>()?;
    taken.sort_by_key(|(seq, _)| *seq);
    Ok(taken.into_iter().map(|(_, message)| message).collect())
}

/// Forgets messages: one statement, however many there are.
pub(super) async fn sent(writer: &SqlitePool, messages: &[MessageId]) -> Result<(), Fault> {
    let statement =
        "DELETE FROM messages WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1))";
    let query = sqlx::query(statement).bind(writes::json(messages)?);
    query.execute(writer).await.map(drop).map_err(fault)
}

pub(super) async fn postpone(
    writer: &SqlitePool,
    message: MessageId,
    until: Timestamp,
) -> Result<(), Fault> {
    let query = sqlx::query("UPDATE messages SET next_try = ?2 WHERE id = ?1")
        .bind(blob(message.as_uuid()))
        .bind(integer(until.as_millis()));
    query.execute(writer).await.map(drop).map_err(fault)
}

/// Adds a message to those that wait.
pub(super) fn insert(message: &SealedMessage) -> Statement {
    sqlx::query("INSERT INTO messages (id, created_at, sealed, next_try) VALUES (?1, ?2, ?3, ?2)")
        .bind(blob(message.id.as_uuid()))
        .bind(integer(message.created_at.as_millis()))
        .bind(message.sealed.clone())
}

fn taken(row: &SqliteRow) -> Result<(i64, TakenMessage), Fault> {
    let message = SealedMessage {
        id: MessageId::from_uuid(rows::uuid(row, "messages.id")?),
        created_at: rows::moment(row, "messages.created_at")?,
        sealed: column(row, "messages.sealed")?,
    };
    let attempts = column(row, "messages.attempts")?;
    Ok((column(row, "messages.seq")?, TakenMessage { message, attempts }))
}
