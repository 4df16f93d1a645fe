//! Several statements, all or none.

use testudo_driver::Fault;

use super::held::State;
use super::pool::FRESH_CONNECTIONS;
use super::{Failure, Held, Pool, Retries, Server};
use crate::sql::batch::{Effect, Step};
use crate::sql::{Sql, Value};

/// A transaction. Dropped without [`commit`](Self::commit) it is rolled back, with its connection; so conflicts,
/// which are frequent, call [`roll_back`](Self::roll_back).
pub(crate) struct Transaction<DB: Server>(Held<DB>);

impl<DB: Server> Transaction<DB> {
    pub(crate) async fn begin(pool: &Pool<DB>) -> Result<Self, Failure> {
        let mut fresh = 1..FRESH_CONNECTIONS;
        loop {
            let mut held = pool.take().await?;
            match held.run("BEGIN").await {
                // Nothing was done.
                Err(failure) if failure.is_lost() && fresh.next().is_some() => {}
                Err(failure) => return Err(failure),
                Ok(()) => {
                    held.state = State::InTransaction;
                    return Ok(Self(held));
                }
            }
        }
    }

    pub(crate) async fn rows(
        &mut self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> Result<Vec<DB::Row>, Failure> {
        let result = self.0.rows(sql, values).await;
        self.stays_open();
        result
    }

    /// How many rows a statement changed, or found to change.
    pub(crate) async fn execute(
        &mut self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> Result<u64, Failure> {
        let result = self.0.execute(sql, values).await;
        self.stays_open();
        result
    }

    pub(crate) async fn commit(mut self) -> Result<(), Failure> {
        self.0.run("COMMIT").await
    }

    /// Undoes everything. Where the server does not say so, the connection is closed, which comes to the same.
    pub(crate) async fn roll_back(mut self) {
        if self.0.state == State::InTransaction {
            let _ = self.0.run("ROLLBACK").await;
        }
    }

    fn stays_open(&mut self) {
        if self.0.state == State::Fit {
            self.0.state = State::InTransaction;
        }
    }
}

impl<DB: Server> Pool<DB> {
    /// Carries out the steps of a batch in one transaction, until one does not hold; whether all did. What another
    /// transaction was in the way of is tried again: its outcome is then that of a later moment.
    pub(crate) async fn all_or_nothing(&self, steps: &[Step<'_>]) -> Result<bool, Fault> {
        let mut retries = Retries::new();
        loop {
            match self.apply(steps).await {
                Err(failure) => retries.after(failure).await?,
                Ok(is_applied) => return Ok(is_applied),
            }
        }
    }

    async fn apply(&self, steps: &[Step<'_>]) -> Result<bool, Failure> {
        let mut transaction = Transaction::begin(self).await?;
        for step in steps {
            match transaction.holds(step).await {
                Ok(true) => {}
                Ok(false) => {
                    transaction.roll_back().await;
                    return Ok(false);
                }
                Err(failure) => {
                    transaction.roll_back().await;
                    return Err(failure);
                }
            }
        }
        transaction.commit().await?;
        Ok(true)
    }
}

impl<DB: Server> Transaction<DB> {
    /// Carries a step out; false where it does not hold.
    async fn holds(&mut self, step: &Step<'_>) -> Result<bool, Failure> {
        let result = match step.effect {
            Effect::Finds => self.rows(step.sql, &step.values).await.map(|rows| !rows.is_empty()),
            Effect::Changes => {
                self.execute(step.sql, &step.values).await.map(|changed| changed > 0)
            }
            Effect::Any => self.execute(step.sql, &step.values).await.map(|_| true),
        };
        match result {
            Err(failure) if failure.is_taken() => Ok(false),
            result => result,
        }
    }
}
