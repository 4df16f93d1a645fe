//! Sweeping, as MySQL does it.

use testudo::Timestamp;
use testudo::model::AttemptKey;
use testudo_driver::Fault;
use uuid::Uuid;

use super::MySqlStore;
use crate::sql::server::{Failure, Pool, Retries, Transaction};
use crate::sql::sweep::{Sweeper, Sweeps};
use crate::sql::{Layout, Sql, Table, Value};

impl Sweeper for MySqlStore {
    type Link = Pool<sqlx::MySql>;

    const TOGETHER: bool = false;

    fn link(&self) -> &Self::Link {
        &self.database
    }

    fn sweeps(&self) -> &Sweeps {
        &self.statements.sweeps
    }

    async fn remove(&self, sql: &Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.database.execute(sql, values).await
    }

    async fn remove_attempts(&self, values: Vec<Value<'_>>) -> Result<u64, Fault> {
        self.database.execute(&self.statements.sweeps.attempts, &values).await
    }

    async fn remove_accounts(&self, accounts: &[Uuid], closed_by: Timestamp) -> Result<u64, Fault> {
        let mut removed = 0_u64;
        for account in accounts {
            let mut retries = Retries::new();
            removed += loop {
                match remove(self, account, closed_by).await {
                    Err(failure) => retries.after(failure).await?,
                    Ok(removed) => break removed,
                }
            };
        }
        Ok(removed)
    }
}

pub(super) fn sweeps(layout: &Layout) -> Sweeps {
    let over = |table: Table, column: &str| {
        let (table, column) = (layout.table(table), layout.column(table, column));
        layout.sql(&format!("DELETE FROM {table} WHERE {column} <= ?1 ORDER BY {column} LIMIT ?2"))
    };
    Sweeps::new(layout, over, removing_attempts(layout))
}

/// An account: ?1 its id, ?2 by when it was to be removed.
pub(super) fn removing_closed(layout: &Layout) -> Sql {
    let [id, closes_at] = ["id", "closes_at"].map(|column| layout.column(Table::Users, column));
    let users = layout.table(Table::Users);
    layout.sql(&format!("DELETE FROM {users} WHERE {id} = ?1 AND {closes_at} <= ?2"))
}

/// ?1 since when they are idle, ?2 limit, ?3 behind which moment. What remembers failures in a row stays while there is
/// such an account.
fn removing_attempts(layout: &Layout) -> Sql {
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
        "DELETE FROM {table} WHERE {window_end} > ?3 AND {window_end} <= ?1 \
            AND NOT ({consecutive} > 0 AND ({})) \
         ORDER BY {window_end} LIMIT ?2",
        remembers.join(" OR ")
    ))
}

/// Removes an account with all that is theirs, unless it was opened again meanwhile.
async fn remove(store: &MySqlStore, user: &Uuid, closed_by: Timestamp) -> Result<u64, Failure> {
    let mut transaction = Transaction::begin(&store.database).await?;
    let values = [Value::uuid(user), closed_by.into()];
    let removed = transaction.execute(&store.statements.remove_closed, &values).await?;
    if removed > 0 {
        for dependents in store.statements.writes.dependents() {
            transaction.execute(dependents, &[Value::uuid(user)]).await?;
        }
    }
    transaction.commit().await?;
    Ok(removed)
}
