//! Messages that were given up.

use sqlx::SqlitePool;
use sqlx::sqlite::SqliteRow;
use testudo::Timestamp;
use testudo::message::{
    Burial, BurialReason, DeadLetters, KeptMessage, ListMessages, MessageState, SealedMessage,
};
use testudo::model::MessageId;
use testudo_driver::Fault;

use super::fault::fault;
use super::rows::{self, column};
use super::writes::{self, blob, integer};

/// ?1 the end of the page before: every id comes after no bytes at all. ?2 whether dead ones, or NULL for all.
/// ?3 limit.
const LIST: &str = "SELECT id AS \"messages.id\", created_at AS \"messages.created_at\", \
        sealed AS \"messages.sealed\", attempts AS \"messages.attempts\", \
        next_try AS \"messages.next_try\", buried_at AS \"messages.buried_at\", \
        json_quote(burial_reason) AS \"messages.burial_reason\" \
    FROM messages WHERE id > ?1 AND (?2 IS NULL OR (buried_at IS NOT NULL) = ?2) ORDER BY id LIMIT ?3";

/// ?1 now, ?2 ids, or NULL for all.
const REVIVE: &str = "UPDATE messages SET buried_at = NULL, burial_reason = NULL, attempts = 0, next_try = ?1 \
    WHERE buried_at IS NOT NULL \
        AND (?2 IS NULL OR id IN (SELECT unhex(value, '-') FROM json_each(?2))) \
    RETURNING id AS \"messages.id\"";

pub(super) async fn bury(
    writer: &SqlitePool,
    message: MessageId,
    at: Timestamp,
    reason: BurialReason,
) -> Result<(), Fault> {
    let statement = "UPDATE messages SET buried_at = ?2, burial_reason = json_extract(?3, '$') \
        WHERE id = ?1 AND buried_at IS NULL";
    let query = sqlx::query(statement)
        .bind(blob(message.as_uuid()))
        .bind(integer(at.as_millis()))
        .bind(writes::json(&reason)?);
    query.execute(writer).await.map(drop).map_err(fault)
}

pub(super) async fn list(
    readers: &SqlitePool,
    command: ListMessages,
) -> Result<Vec<KeptMessage>, Fault> {
    let after = command.after.as_ref().map_or(&[][..], |id| &id.as_uuid().as_bytes()[..]);
    let is_dead = command.state.map(|state| state == MessageState::Dead);
    let query = sqlx::query(LIST).bind(after).bind(is_dead).bind(command.limit);
    query.fetch_all(readers).await.map_err(fault)?.iter().map(kept).collect()
}

pub(super) async fn revive(
    writer: &SqlitePool,
    which: DeadLetters,
    now: Timestamp,
) -> Result<Vec<MessageId>, Fault> {
    let ids = match which {
        DeadLetters::All => None,
        DeadLetters::These(ids) => Some(writes::json(&ids)?),
    };
    let query = sqlx::query(REVIVE).bind(integer(now.as_millis())).bind(ids);
    let rows = query.fetch_all(writer).await.map_err(fault)?;
    rows.iter().map(id).collect()
}

fn id(row: &SqliteRow) -> Result<MessageId, Fault> {
    Ok(MessageId::from_uuid(rows::uuid(row, "messages.id")?))
}

fn kept(row: &SqliteRow) -> Result<KeptMessage, Fault> {
    let message = SealedMessage {
        id: id(row)?,
        created_at: rows::moment(row, "messages.created_at")?,
        sealed: column(row, "messages.sealed")?,
    };
    let burial = match rows::optional_moment(row, "messages.buried_at")? {
        Some(at) => Some(Burial { at, reason: rows::json(row, "messages.burial_reason")? }),
        None => None,
    };
    Ok(KeptMessage {
        message,
        attempts: column(row, "messages.attempts")?,
        next_try: rows::moment(row, "messages.next_try")?,
        burial,
    })
}
