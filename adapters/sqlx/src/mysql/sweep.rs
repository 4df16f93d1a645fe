//! Sweeping: in bounded batches, each a statement that looks and removes at once.

use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
use testudo::model::{AttemptKey, UserId};
use testudo_driver::Fault;
use uuid::Uuid;

use super::MySqlStore;
use crate::sql::records::id;
use crate::sql::server::{Failure, Retries, Transaction};
use crate::sql::{Layout, Link, Sql, Table, Value};

#[derive(Clone, Debug)]
pub(super) struct Sweeps {
    pub(super) sessions: Sql,
    pub(super) attempts: Sql,
    pub(super) invitations: Sql,
    pub(super) onboarding: Sql,
    pub(super) api_keys: Sql,
    pub(super) events: Sql,
    pub(super) dead_letters: Sql,
    pub(super) closed: Sql,
    remove_closed: Sql,
}

impl Sweeps {
    pub(super) fn new(layout: &Layout) -> Self {
        // ?1 by when it was over, ?2 limit.
        let over = |table: Table, column: &str| {
            let (table, column) = (layout.table(table), layout.column(table, column));
            layout.sql(&format!(
                "DELETE FROM {table} WHERE {column} <= ?1 ORDER BY {column} LIMIT ?2"
            ))
        };
        let users = layout.table(Table::Users);
        let [user_id, closes_at] =
            ["id", "closes_at"].map(|column| layout.column(Table::Users, column));
        Self {
            sessions: over(Table::Sessions, "expires_at"),
            attempts: attempts(layout),
            invitations: over(Table::Invitations, "expires_at"),
            onboarding: over(Table::Onboarding, "expires_at"),
            api_keys: over(Table::ApiKeys, "expires_at"),
            events: over(Table::Events, "at"),
            dead_letters: over(Table::Messages, "buried_at"),
            closed: layout.sql(&format!(
                "SELECT {} FROM {} WHERE {} <= ?1 LIMIT ?2",
                layout.some(Table::Users, &["id"]),
                layout.from(Table::Users),
                layout.of(Table::Users, "closes_at"),
            )),
            remove_closed: layout
                .sql(&format!("DELETE FROM {users} WHERE {user_id} = ?1 AND {closes_at} <= ?2")),
        }
    }
}

/// ?1 since when they are idle, ?2 limit. What remembers failures in a row stays while there is such an account.
fn attempts(layout: &Layout) -> Sql {
    let table = layout.table(Table::Attempts);
    let [key, window_end, consecutive] = ["key", "window_end", "consecutive"]
        .map(|column| format!("{table}.{}", layout.column(Table::Attempts, column)));
    let users = layout.from(Table::Users);
    let email = layout.of(Table::Users, "email_key");
    let remembers = AttemptKey::OF_ACCOUNTS.map(|prefix| {
        let length = prefix.len();
        format!(
            "(LEFT({key}, {length}) = '{prefix}' AND EXISTS \
                (SELECT 1 FROM {users} WHERE {email} = SUBSTRING({key}, {length} + 1)))"
        )
    });
    layout.sql(&format!(
        "DELETE FROM {table} WHERE {window_end} <= ?1 AND NOT ({consecutive} > 0 AND ({})) \
         ORDER BY {window_end} LIMIT ?2",
        remembers.join(" OR ")
    ))
}

/// Accounts come last: what goes with an account is not counted as what it is.
pub(super) async fn sweep(store: &MySqlStore, command: Sweep) -> Result<Swept, Fault> {
    let sweeps = &store.statements.sweeps;
    let remove = async |statement: &Sql, by: Timestamp| {
        let values = [by.into(), command.limit.into()];
        store.database.execute(statement, &values).await
    };
    Ok(Swept {
        sessions: remove(&sweeps.sessions, command.sessions_expired_by).await?,
        attempts: remove(&sweeps.attempts, command.attempts_idle_since).await?,
        invitations: remove(&sweeps.invitations, command.links_expired_by).await?,
        onboarding: remove(&sweeps.onboarding, command.links_expired_by).await?,
        api_keys: remove(&sweeps.api_keys, command.links_expired_by).await?,
        events: remove(&sweeps.events, command.events_kept_since).await?,
        dead_letters: remove(&sweeps.dead_letters, command.dead_letters_buried_by).await?,
        accounts: accounts(store, command.accounts_closed_by, command.limit).await?,
    })
}

async fn accounts(store: &MySqlStore, closed_by: Timestamp, limit: u32) -> Result<u64, Fault> {
    let values = [closed_by.into(), limit.into()];
    let rows = store.database.rows(&store.statements.sweeps.closed, &values).await?;
    let mut removed = 0;
    for row in &rows {
        let user = UserId::from_uuid(id(row, "users.id")?);
        let mut retries = Retries::new();
        removed += loop {
            match remove(store, user.as_uuid(), closed_by).await {
                Err(failure) => retries.after(failure).await?,
                Ok(removed) => break removed,
            }
        };
    }
    Ok(removed)
}

/// Removes an account with all that is theirs, unless it was opened again meanwhile.
async fn remove(store: &MySqlStore, user: &Uuid, closed_by: Timestamp) -> Result<u64, Failure> {
    let mut transaction = Transaction::begin(&store.database).await?;
    let values = [Value::uuid(user), closed_by.into()];
    let removed = transaction.execute(&store.statements.sweeps.remove_closed, &values).await?;
    if removed > 0 {
        for dependents in store.statements.writes.dependents() {
            transaction.execute(dependents, &[Value::uuid(user)]).await?;
        }
    }
    transaction.commit().await?;
    Ok(removed)
}
