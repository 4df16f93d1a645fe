//! Sweeping, as Postgres does it.

use testudo::Timestamp;
use testudo::model::AttemptKey;
use testudo_driver::Fault;
use uuid::Uuid;

use super::PostgresStore;
use crate::sql::server::Pool;
use crate::sql::sweep::{Sweeper, Sweeps};
use crate::sql::{List, Sql, Value};

impl Sweeper for PostgresStore {
    type Link = Pool<sqlx::Postgres>;

    const TOGETHER: bool = true;

    fn link(&self) -> &Self::Link {
        &self.database
    }

    fn sweeps(&self) -> &Sweeps {
        &self.statements.sweep
    }

    async fn remove(&self, sql: &Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.database.execute(sql, values).await
    }

    async fn remove_attempts(&self, mut values: Vec<Value<'_>>) -> Result<u64, Fault> {
        let starts = AttemptKey::OF_ACCOUNTS.map(|start| Some(start.as_bytes().into()));
        values.push(Value::List(List::Bytes(starts.to_vec())));
        self.database.execute(&self.statements.sweep.attempts, &values).await
    }

    async fn remove_accounts(&self, accounts: &[Uuid], closed_by: Timestamp) -> Result<u64, Fault> {
        let accounts = accounts.iter().map(|id| Some(*id)).collect();
        let values = [Value::List(List::Uuids(accounts)), closed_by.into()];
        self.database.execute(&self.statements.remove_accounts, &values).await
    }
}
