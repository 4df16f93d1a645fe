//! Sweeping, as SQLite does it.

use sqlx::{Sqlite, SqlitePool};
use testudo::Timestamp;
use testudo::model::AttemptKey;
use testudo_driver::Fault;
use uuid::Uuid;

use super::SqliteStore;
use super::commit::BEGIN;
use super::fault::fault;
use crate::sql::records::json;
use crate::sql::sweep::{Sweeper, Sweeps};
use crate::sql::{Sql, Value};

impl Sweeper for SqliteStore {
    type Link = SqlitePool;

    const TOGETHER: bool = true;

    fn link(&self) -> &Self::Link {
        &self.readers
    }

    fn sweeps(&self) -> &Sweeps {
        &self.statements.sweep
    }

    async fn remove(&self, sql: &Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        let done = sql.query::<Sqlite>(values).execute(&self.writer).await.map_err(fault)?;
        Ok(done.rows_affected())
    }

    async fn remove_attempts(&self, mut values: Vec<Value<'_>>) -> Result<u64, Fault> {
        values.push(json(&AttemptKey::OF_ACCOUNTS)?);
        self.remove(&self.statements.sweep.attempts, &values).await
    }

    async fn remove_accounts(&self, accounts: &[Uuid], closed_by: Timestamp) -> Result<u64, Fault> {
        let values = [json(&accounts)?, closed_by.into()];
        let mut transaction = self.writer.begin_with(BEGIN).await.map_err(fault)?;
        let mut removed = 0;
        for sql in &self.statements.remove_accounts {
            let query = sql.query::<Sqlite>(&values);
            removed = query.execute(&mut *transaction).await.map_err(fault)?.rows_affected();
        }
        transaction.commit().await.map_err(fault)?;
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{plan, scratch};
    use super::SqliteStore;
    use crate::laws::sweeping;

    async fn run(store: &SqliteStore, statement: String) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&store.writer).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_account_that_cannot_be_removed_holds_up_no_other() {
        let (_directory, store) = scratch().await;
        run(&store, "CREATE TABLE orders (buyer BLOB REFERENCES users (id))".to_owned()).await;
        sweeping::an_account_that_cannot_be_removed_holds_up_no_other(&store, async |user| {
            let user = user.id.as_uuid().simple();
            run(&store, format!("INSERT INTO orders VALUES (x'{user}')")).await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn as_many_counters_go_as_may_however_many_there_are() {
        let (_directory, store) = scratch().await;
        let fill = "WITH RECURSIVE numbers (number) AS \
                (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 12000) \
            INSERT INTO attempts (key, count, window_end, consecutive) \
            SELECT number, 1, number / 3, 1 FROM numbers";
        run(&store, fill.to_owned()).await;
        sweeping::as_many_counters_go_as_may_however_many_there_are(&store).await;
    }

    /// However many rows there are that stay.
    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_over_is_found_along_an_index() {
        let (_directory, store) = scratch().await;
        let sweep = &store.statements.sweep;
        for (statement, index) in [
            (&sweep.sessions, "sessions_by_expiry"),
            (&sweep.closed, "users_by_closing"),
            (&sweep.invitations, "invitations_by_expiry"),
            (&sweep.onboarding, "onboarding_sessions_by_expiry"),
            (&sweep.api_keys, "api_keys_by_expiry"),
        ] {
            let plan = plan(&store, statement).await;
            assert!(plan.contains(index) && !plan.contains("SCAN"), "{plan}");
        }
    }

    /// Nothing is found by looking at every row.
    #[tokio::test(flavor = "multi_thread")]
    async fn records_are_found_by_their_keys() {
        let (_directory, store) = scratch().await;
        let reads = &store.statements.reads;
        for statement in [
            &reads.user_by_id,
            &reads.user_by_email,
            &reads.session,
            &reads.session_record,
            &reads.session_with_user,
            &reads.user_with_session,
            &reads.invitation,
            &reads.api_key,
            &reads.onboarding,
            &reads.counter,
            &reads.live_sessions.next,
            &reads.invitations_of_user.next,
            &reads.api_keys_of_user.next,
            &store.statements.refresh,
        ] {
            let plan = plan(&store, statement).await;
            assert!(plan.contains("SEARCH") && !plan.contains("SCAN"), "{plan}");
        }
    }
}
