//! Attempt counters.
//!
//! Neither MySQL nor MariaDB before 12 returns what an UPDATE wrote. So the row is locked, the reference decides, and
//! what it decided is written: a short transaction.

use testudo::Timestamp;
use testudo::command::CountAttempt;
use testudo::model::{AttemptCounter, AttemptKey, AttemptVerdict};
use testudo_driver::{Fault, FaultKind};

use super::MySqlStore;
use super::lists;
use crate::sql::records::attempt_counter;
use crate::sql::server::{Failure, Retries, Transaction};
use crate::sql::{Layout, Sql, Table, Value};

/// How often a counter may be made or removed by somebody else while it is looked at, before we give up.
const ROUNDS: usize = 8;

#[derive(Clone, Debug)]
pub(super) struct Attempts {
    pub(super) lock: Sql,
    insert: Sql,
    replace: Sql,
    forget: Sql,
}

impl Attempts {
    pub(super) fn new(layout: &Layout) -> Self {
        let table = layout.table(Table::Attempts);
        let [key, window_end] =
            ["key", "window_end"].map(|name| layout.column(Table::Attempts, name));
        Self {
            lock: layout.sql(&format!(
                "SELECT {} FROM {} WHERE {} = ?1 FOR UPDATE",
                layout.all(Table::Attempts),
                layout.from(Table::Attempts),
                layout.of(Table::Attempts, "key"),
            )),
            insert: layout.sql(&layout.insert(Table::Attempts)),
            replace: layout.sql(&format!(
                "UPDATE {table} SET {} WHERE {key} = ?1",
                layout.assignments(Table::Attempts, &[]),
            )),
            forget: layout.sql(&format!(
                "DELETE FROM {table} WHERE {key} IN ({}) AND {window_end} <= ?{}",
                lists::places(1),
                lists::LENGTH + 1,
            )),
        }
    }
}

/// Counts an attempt if it is allowed.
pub(super) async fn count(
    store: &MySqlStore,
    command: &CountAttempt,
) -> Result<AttemptVerdict, Fault> {
    let mut retries = Retries::new();
    for _ in 0..ROUNDS {
        loop {
            match reserve(store, command).await {
                Err(failure) => retries.after(failure).await?,
                Ok(Some(verdict)) => return Ok(verdict),
                Ok(None) => break,
            }
        }
    }
    Err(Fault::new(FaultKind::Overloaded, "an attempt counter changes faster than it can be read"))
}

/// Counts an attempt. Nothing where another one made the counter first.
async fn reserve(
    store: &MySqlStore,
    command: &CountAttempt,
) -> Result<Option<AttemptVerdict>, Failure> {
    let CountAttempt { key, limit, now } = command;
    let attempts = &store.statements.attempts;
    let bytes = Value::bytes(key.as_str().as_bytes());
    let mut transaction = Transaction::begin(&store.database).await?;
    let rows = transaction.rows(&attempts.lock, std::slice::from_ref(&bytes)).await?;
    let known = rows.first().map(attempt_counter).transpose()?;
    let mut counter = known.unwrap_or_else(AttemptCounter::new);
    let verdict = counter.reserve(limit, *now);
    if !matches!(verdict, AttemptVerdict::Allowed { .. }) {
        transaction.roll_back().await;
        return Ok(Some(verdict));
    }
    let values =
        [bytes, counter.count.into(), counter.window_end.into(), counter.consecutive.into()];
    let write = if known.is_some() { &attempts.replace } else { &attempts.insert };
    match transaction.execute(write, &values).await {
        // No lock keeps a row away that is not there.
        Err(failure) if failure.is_taken() => {
            transaction.roll_back().await;
            Ok(None)
        }
        result => {
            result?;
            transaction.commit().await?;
            Ok(Some(verdict))
        }
    }
}

/// Removes those of the counters that are idle.
pub(super) async fn forget(
    store: &MySqlStore,
    keys: &[AttemptKey],
    idle_since: Timestamp,
) -> Result<u64, Fault> {
    let mut forgotten = 0u64;
    for keys in keys.chunks(lists::LENGTH) {
        let mut values = lists::filled(keys, |key| Value::bytes(key.as_str().as_bytes()));
        values.push(idle_since.into());
        let forget = &store.statements.attempts.forget;
        forgotten = forgotten.saturating_add(store.database.execute(forget, &values).await?);
    }
    Ok(forgotten)
}
