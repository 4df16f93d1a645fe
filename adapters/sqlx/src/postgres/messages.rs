//! Messages on their way out, such that were given up, and what is swept.

use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
use testudo::message::{DeadLetters, TakenMessage};
use testudo::model::{AttemptKey, MessageId};
use testudo_driver::Fault;

use super::PostgresStore;
use crate::sql::records::{message_id, taken_message};
use crate::sql::server::Writing;
use crate::sql::{Columns, Link, List, Sql, Value, required};

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

/// Removes what is over, a statement for each kind: each looks and removes at once. Accounts come last: what goes
/// with an account is not counted as what it is.
pub(super) async fn sweep(store: &PostgresStore, command: Sweep) -> Result<Swept, Fault> {
    let (database, statements) = (&store.database, &store.statements.sweep);
    let remove = async |sql: &Sql, by: Timestamp| {
        database.execute(sql, &[by.into(), command.limit.into()]).await
    };
    let starts = AttemptKey::OF_ACCOUNTS.map(|start| Some(start.as_bytes().into())).to_vec();
    let starts = Value::List(List::Bytes(starts));
    let idle = [command.attempts_idle_since.into(), command.limit.into(), starts];
    let links = command.links_expired_by;
    Ok(Swept {
        sessions: remove(&statements.sessions, command.sessions_expired_by).await?,
        attempts: database.execute(&statements.attempts, &idle).await?,
        invitations: remove(&statements.invitations, links).await?,
        onboarding: remove(&statements.onboarding, links).await?,
        api_keys: remove(&statements.api_keys, links).await?,
        events: remove(&statements.events, command.events_kept_since).await?,
        dead_letters: remove(&statements.dead_letters, command.dead_letters_buried_by).await?,
        accounts: remove(&statements.accounts, command.accounts_closed_by).await?,
    })
}
