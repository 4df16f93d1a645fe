//! Messages on their way out, and such that were given up.

use sqlx::Sqlite;
use testudo::Timestamp;
use testudo::message::{BurialReason, DeadLetters, TakenMessage};
use testudo::model::MessageId;
use testudo_driver::Fault;

use super::SqliteStore;
use super::events::execute;
use super::fault::fault;
use crate::sql::records::{json, message_id, name, taken_message};
use crate::sql::{Columns, Value, required};

pub(super) async fn take(
    store: &SqliteStore,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<TakenMessage>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [now.into(), until.into(), Value::Int(Some(limit))];
    let query = store.statements.messages.take.query::<Sqlite>(&values);
    let rows = query.fetch_all(&store.writer).await.map_err(fault)?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in &rows {
        let seq = required(row.int("messages.seq")?, "messages.seq")?;
        taken.push((seq, taken_message(row)?));
    }
    taken.sort_by_key(|(seq, _)| *seq);
    Ok(taken.into_iter().map(|(_, message)| message).collect())
}

/// Forgets messages: one statement, however many there are.
pub(super) async fn sent(store: &SqliteStore, messages: &[MessageId]) -> Result<(), Fault> {
    execute(&store.writer, &store.statements.messages.sent, &[json(messages)?]).await
}

pub(super) async fn postpone(
    store: &SqliteStore,
    message: MessageId,
    until: Timestamp,
) -> Result<(), Fault> {
    let values = [Value::uuid(message.as_uuid()), until.into()];
    execute(&store.writer, &store.statements.messages.postpone, &values).await
}

pub(super) async fn bury(
    store: &SqliteStore,
    message: MessageId,
    at: Timestamp,
    reason: BurialReason,
) -> Result<(), Fault> {
    let values = [Value::uuid(message.as_uuid()), at.into(), name(&reason)?];
    execute(&store.writer, &store.statements.messages.bury, &values).await
}

pub(super) async fn revive(
    store: &SqliteStore,
    which: DeadLetters,
    now: Timestamp,
) -> Result<Vec<MessageId>, Fault> {
    let statements = &store.statements.messages;
    let query = match which {
        DeadLetters::All => statements.revive_all.query::<Sqlite>(&[now.into()]),
        DeadLetters::These(ids) => statements.revive.query::<Sqlite>(&[now.into(), json(&ids)?]),
    };
    let rows = query.fetch_all(&store.writer).await.map_err(fault)?;
    rows.iter().map(message_id).collect()
}
