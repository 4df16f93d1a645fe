//! Messages on their way out, such that were given up, and counters that are forgotten.

use testudo::Timestamp;
use testudo::message::{DeadLetters, TakenMessage};
use testudo::model::{AttemptKey, MessageId};
use testudo_driver::Fault;

use super::PostgresStore;
use crate::sql::records::{message_id, taken_message};
use crate::sql::server::Writing;
use crate::sql::{Columns, Link, List, Value, required};

pub(super) async fn take(
    store: &PostgresStore,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<Vec<TakenMessage>, Fault> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [now.into(), until.into(), Value::Int(Some(limit))];
    let rows = Writing(&store.database).rows(&store.statements.messages.take, &values).await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in &rows {
        let seq = required(row.int("messages.seq")?, "messages.seq")?;
        taken.push((seq, taken_message(row)?));
    }
    taken.sort_by_key(|(seq, _)| *seq);
    Ok(taken.into_iter().map(|(_, message)| message).collect())
}

/// Forgets messages: one statement, however many there are.
pub(super) async fn sent(store: &PostgresStore, messages: &[MessageId]) -> Result<(), Fault> {
    store.database.execute(&store.statements.messages.sent, &[list(messages)]).await.map(drop)
}

pub(super) async fn revive(
    store: &PostgresStore,
    which: DeadLetters,
    now: Timestamp,
) -> Result<Vec<MessageId>, Fault> {
    let statements = &store.statements.messages;
    let rows = match which {
        DeadLetters::All => {
            Writing(&store.database).rows(&statements.revive_all, &[now.into()]).await?
        }
        DeadLetters::These(ids) => {
            Writing(&store.database).rows(&statements.revive, &[now.into(), list(&ids)]).await?
        }
    };
    rows.iter().map(message_id).collect()
}

/// Removes those of the counters that are idle.
pub(super) async fn forget_attempts(
    store: &PostgresStore,
    keys: &[AttemptKey],
    idle_since: Timestamp,
) -> Result<u64, Fault> {
    let keys = keys.iter().map(|key| Some(key.as_str().as_bytes().into())).collect();
    let values = [Value::List(List::Bytes(keys)), idle_since.into()];
    store.database.execute(&store.statements.forget_attempts, &values).await
}

fn list(messages: &[MessageId]) -> Value<'static> {
    Value::List(List::Uuids(messages.iter().map(|id| Some(*id.as_uuid())).collect()))
}
