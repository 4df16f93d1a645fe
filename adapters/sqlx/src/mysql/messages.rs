//! Messages on their way out, and such that were given up.

use testudo::Timestamp;
use testudo::message::{BurialReason, DeadLetters, TakenMessage};
use testudo::model::MessageId;
use testudo_driver::Fault;

use super::MySqlStore;
use super::lists;
use crate::sql::records::{message_id, name, taken_message};
use crate::sql::server::{Failure, Retries, Transaction};
use crate::sql::{Layout, Link, Sql, Table, Value, integer};

#[derive(Clone, Debug)]
pub(super) struct Messages {
    is_any: Sql,
    pub(super) due: Sql,
    take: Sql,
    sent: Sql,
    postpone: Sql,
    bury: Sql,
    dead: Sql,
    dead_of_these: Sql,
    revive: Sql,
}

const TAKEN: [&str; 4] = ["id", "created_at", "sealed", "attempts"];

impl Messages {
    pub(super) fn new(layout: &Layout) -> Self {
        let table = layout.table(Table::Messages);
        let from = layout.from(Table::Messages);
        let these = lists::places(1);
        let [id, seq, attempts, next_try, buried_at, burial_reason] =
            ["id", "seq", "attempts", "next_try", "buried_at", "burial_reason"]
                .map(|column| layout.column(Table::Messages, column));
        let dead = format!(
            "SELECT {} FROM {from} WHERE {buried_at} IS NOT NULL",
            layout.some(Table::Messages, &["id"])
        );
        Self {
            is_any: layout.sql(&format!(
                "SELECT 1 FROM {from} WHERE {buried_at} IS NULL AND {next_try} <= ?1 LIMIT 1"
            )),
            // Along the order, from which the locks begin: an index by time would have all locked that are due,
            // to sort them, and nobody else would find any.
            due: layout.sql(&format!(
                "SELECT {} FROM {from} FORCE INDEX (messages_in_order) \
                 WHERE {buried_at} IS NULL AND {next_try} <= ?1 \
                 ORDER BY {seq} LIMIT ?2 FOR UPDATE SKIP LOCKED",
                layout.some(Table::Messages, &TAKEN),
            )),
            take: layout.sql(&format!(
                "UPDATE {table} SET {attempts} = {attempts} + 1, {next_try} = ?{} \
                 WHERE {id} IN ({these})",
                lists::LENGTH + 1,
            )),
            sent: layout.sql(&format!("DELETE FROM {table} WHERE {id} IN ({these})")),
            postpone: layout.sql(&format!("UPDATE {table} SET {next_try} = ?2 WHERE {id} = ?1")),
            bury: layout.sql(&format!(
                "UPDATE {table} SET {buried_at} = ?2, {burial_reason} = ?3 \
                 WHERE {id} = ?1 AND {buried_at} IS NULL"
            )),
            dead: layout.sql(&format!("{dead} FOR UPDATE")),
            dead_of_these: layout.sql(&format!("{dead} AND {id} IN ({these}) FOR UPDATE")),
            revive: layout.sql(&format!(
                "UPDATE {table} SET {buried_at} = NULL, {burial_reason} = NULL, {attempts} = 0, \
                 {next_try} = ?{} WHERE {id} IN ({these})",
                lists::LENGTH + 1,
            )),
        }
    }
}

pub(super) async fn take(
    store: &MySqlStore,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<TakenMessage>, Fault> {
    // Mostly there is nothing, and then nothing is locked either.
    let any = store.database.rows(&store.statements.messages.is_any, &[now.into()]).await?;
    if limit == 0 || any.is_empty() {
        return Ok(Vec::new());
    }
    let mut retries = Retries::new();
    loop {
        match take_due(store, now, until, limit).await {
            Err(failure) => retries.after(failure).await?,
            Ok(taken) => return Ok(taken),
        }
    }
}

async fn take_due(
    store: &MySqlStore,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<TakenMessage>, Failure> {
    let messages = &store.statements.messages;
    let limit = Value::Int(Some(i64::try_from(limit).unwrap_or(i64::MAX)));
    let mut transaction = Transaction::begin(&store.database).await?;
    let rows = transaction.rows(&messages.due, &[now.into(), limit]).await?;
    let mut taken = rows.iter().map(taken_message).collect::<Result<Vec<_>, _>>()?;
    for message in &mut taken {
        message.attempts = message.attempts.saturating_add(1);
    }
    for these in taken.chunks(lists::LENGTH) {
        let mut values = lists::filled(these, |taken| Value::uuid(taken.message.id.as_uuid()));
        values.push(until.into());
        transaction.execute(&messages.take, &values).await?;
    }
    transaction.commit().await?;
    Ok(taken)
}

/// Forgets messages.
pub(super) async fn sent(store: &MySqlStore, messages: &[MessageId]) -> Result<(), Fault> {
    for these in messages.chunks(lists::LENGTH) {
        let values = lists::filled(these, |id| Value::uuid(id.as_uuid()));
        store.database.execute(&store.statements.messages.sent, &values).await?;
    }
    Ok(())
}

pub(super) async fn postpone(
    store: &MySqlStore,
    message: MessageId,
    until: Timestamp,
) -> Result<(), Fault> {
    let values = [Value::uuid(message.as_uuid()), until.into()];
    store.database.execute(&store.statements.messages.postpone, &values).await.map(drop)
}

pub(super) async fn bury(
    store: &MySqlStore,
    message: MessageId,
    at: Timestamp,
    reason: BurialReason,
) -> Result<(), Fault> {
    let values = [Value::uuid(message.as_uuid()), at.into(), name(&reason)?];
    store.database.execute(&store.statements.messages.bury, &values).await.map(drop)
}

pub(super) async fn revive(
    store: &MySqlStore,
    which: &DeadLetters,
    now: Timestamp,
) -> Result<Vec<MessageId>, Fault> {
    let mut retries = Retries::new();
    loop {
        match revive_dead(store, which, now).await {
            Err(failure) => retries.after(failure).await?,
            Ok(revived) => return Ok(revived),
        }
    }
}

/// Locks the dead, so that it is them who wait again.
async fn revive_dead(
    store: &MySqlStore,
    which: &DeadLetters,
    now: Timestamp,
) -> Result<Vec<MessageId>, Failure> {
    let messages = &store.statements.messages;
    let mut transaction = Transaction::begin(&store.database).await?;
    let mut rows = Vec::new();
    match which {
        DeadLetters::All => rows = transaction.rows(&messages.dead, &[]).await?,
        DeadLetters::These(ids) => {
            for these in ids.chunks(lists::LENGTH) {
                let values = lists::filled(these, |id| Value::uuid(id.as_uuid()));
                rows.extend(transaction.rows(&messages.dead_of_these, &values).await?);
            }
        }
    }
    let mut revived = rows.iter().map(message_id).collect::<Result<Vec<_>, _>>()?;
    // One that was named twice is locked twice.
    revived.sort_unstable();
    revived.dedup();
    for these in revived.chunks(lists::LENGTH) {
        let mut values = lists::filled(these, |id| Value::uuid(id.as_uuid()));
        values.push(Value::Int(Some(integer(now.as_millis()))));
        transaction.execute(&messages.revive, &values).await?;
    }
    transaction.commit().await?;
    Ok(revived)
}
