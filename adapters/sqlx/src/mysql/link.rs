//! The way to the database: statements on connections of a pool, each with an end to how long it is waited for.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use sqlx::mysql::MySqlRow;
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Error, MySql, MySqlPool};
use testudo_driver::{Fault, FaultKind};
use tokio::time::timeout;

use super::fault::{self, NoAnswer};
use crate::sql::{Link, Sql, Value};

/// How often something is begun anew because its connection had ended before.
const FRESH_CONNECTIONS: u32 = 3;

/// How often something is begun anew because another transaction was in the way.
const RETRIES: u32 = 10;

/// Why a statement was not carried out.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was, or another one was, and the server says so.
    Error(Error),
    /// Nobody knows.
    NoAnswer,
    /// It was carried out, and what it says cannot be.
    Fault(Fault),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Error(error) => fault::fault(error),
            Failure::NoAnswer => Self::new(FaultKind::Unavailable, NoAnswer),
            Failure::Fault(fault) => fault,
        }
    }
}

impl Failure {
    /// Whether a record of the same key is there already.
    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self, Self::Error(error) if fault::is_duplicate(error))
    }

    fn is_transient(&self) -> bool {
        matches!(self, Self::Error(error) if fault::is_transient(error))
    }

    fn is_lock_wait(&self) -> bool {
        matches!(self, Self::Error(error) if fault::number(error) == Some(fault::code::LOCK_WAIT_TIMEOUT))
    }

    fn is_lost(&self) -> bool {
        matches!(self, Self::Error(error) if fault::is_lost(error))
    }
}

/// A pool of connections, and how long an answer is waited for. By itself it carries out queries and single statements.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) pool: MySqlPool,
    pub(super) patience: Duration,
}

/// A connection that belongs to one task. Where that lets go of it in the middle of something, it is closed, which
/// rolls a transaction back; and so is one that failed.
struct Held {
    connection: PoolConnection<MySql>,
    patience: Duration,
    is_busy: bool,
}

impl Held {
    async fn take(database: &Database) -> Result<Self, Error> {
        let connection = Box::pin(database.pool.acquire()).await?;
        Ok(Self { connection, patience: database.patience, is_busy: false })
    }

    async fn rows(&mut self, sql: &Sql, values: &[Value<'_>]) -> Result<Vec<MySqlRow>, Failure> {
        let query = sql.query::<MySql>(values);
        self.is_busy = true;
        let query = Box::pin(query.fetch_all(&mut *self.connection));
        let answer = timeout(self.patience, query).await;
        self.answered(answer.map_err(|_| Failure::NoAnswer)?)
    }

    async fn execute(&mut self, sql: &Sql, values: &[Value<'_>]) -> Result<u64, Failure> {
        let query = sql.query::<MySql>(values);
        self.is_busy = true;
        let query = Box::pin(query.execute(&mut *self.connection));
        let answer = timeout(self.patience, query).await;
        let answer = answer.map_err(|_| Failure::NoAnswer)?;
        self.answered(answer.map(|done| done.rows_affected()))
    }

    /// Statements that cannot be prepared.
    async fn run(&mut self, statement: &'static str) -> Result<(), Failure> {
        self.is_busy = true;
        let query = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *self.connection);
        let query = Box::pin(query);
        let answer = timeout(self.patience, query).await;
        let answer = answer.map_err(|_| Failure::NoAnswer)?;
        self.answered(answer.map(drop))
    }

    /// Where the server answered, the connection is as good as before.
    fn answered<T>(&mut self, answer: Result<T, Error>) -> Result<T, Failure> {
        self.is_busy = !matches!(answer, Ok(_) | Err(Error::Database(_)));
        Ok(answer?)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_busy {
            self.connection.close_on_drop();
        }
    }
}

/// A transaction under READ COMMITTED. Dropped without [`commit`](Self::commit) it is rolled back, with its
/// connection; so conflicts, which are frequent, call [`roll_back`](Self::roll_back).
pub(super) struct Transaction(Held);

impl Transaction {
    pub(super) async fn begin(database: &Database) -> Result<Self, Failure> {
        let mut left = FRESH_CONNECTIONS;
        loop {
            let mut held = Held::take(database).await?;
            left -= 1;
            match held.run("START TRANSACTION").await {
                Err(failure) if failure.is_lost() && left > 0 => {}
                result => {
                    result?;
                    held.is_busy = true;
                    return Ok(Self(held));
                }
            }
        }
    }

    pub(super) async fn rows(
        &mut self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> Result<Vec<MySqlRow>, Failure> {
        let result = self.0.rows(sql, values).await;
        self.0.is_busy = true;
        result
    }

    /// Gives how many rows a statement found to change, also where they were so already.
    pub(super) async fn execute(
        &mut self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> Result<u64, Failure> {
        let result = self.0.execute(sql, values).await;
        self.0.is_busy = true;
        result
    }

    pub(super) async fn commit(mut self) -> Result<(), Failure> {
        self.0.run("COMMIT").await
    }

    pub(super) async fn roll_back(mut self) -> Result<(), Failure> {
        self.0.run("ROLLBACK").await
    }
}

impl Link for Database {
    type Row = MySqlRow;

    async fn rows(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Vec<MySqlRow>, Fault> {
        let mut left = FRESH_CONNECTIONS;
        loop {
            let mut held = Held::take(self).await.map_err(Failure::Error)?;
            left -= 1;
            match held.rows(sql, values).await {
                Err(failure) if failure.is_lost() && left > 0 => {}
                result => return Ok(result?),
            }
        }
    }
}

impl Database {
    /// Carries one statement out, as a transaction of its own; gives how many rows it found to change.
    pub(super) async fn execute(&self, sql: &Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        let mut retries = Retries::new();
        loop {
            let mut held = Held::take(self).await.map_err(Failure::Error)?;
            match held.execute(sql, values).await {
                Err(failure) => retries.after(failure).await?,
                Ok(changed) => return Ok(changed),
            }
        }
    }
}

/// How often something was tried, and how long to wait before the next time.
pub(super) struct Retries(u32);

impl Retries {
    pub(super) const fn new() -> Self {
        Self(0)
    }

    /// Waits a moment, if it was another transaction that was in the way and not too often.
    pub(super) async fn after(&mut self, failure: Failure) -> Result<(), Fault> {
        // Who waited in vain for a lock has waited for long.
        self.0 += if failure.is_lock_wait() { RETRIES / 2 } else { 1 };
        if self.0 > RETRIES || !failure.is_transient() {
            return Err(failure.into());
        }
        // Not all at the same time: those that met once would meet again.
        let longest = 4u64 << self.0.min(6);
        let jitter = RandomState::new().hash_one(self.0) % longest;
        tokio::time::sleep(Duration::from_millis(1 + jitter)).await;
        Ok(())
    }
}
