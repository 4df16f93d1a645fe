//! The way to the database: a bounded number of connections, bounded waits, bounded retries.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::{Connection, Error, PgConnection, PgPool, Postgres};
use testudo_driver::Fault;
use tokio::time::timeout;

use super::fault::{fault, is_broken, is_undone, too_slow};
use crate::sql::batch::{Effect, Step};
use crate::sql::{Link, Sql, Value};

/// How often a transaction is tried that the database undid for the sake of another.
pub(super) const TRIES: u32 = 6;

/// How many connections that turn out to be broken a command puts up with.
const BROKEN: u32 = 3;

/// Connections, and for how long a command may hold one.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) pool: PgPool,
    pub(super) patience: Duration,
}

/// Statements that change nothing: they may be sent again on another connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a>(pub(super) &'a Gate);

/// Statements that are a transaction each: when the connection breaks, nobody knows what became of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing<'a>(pub(super) &'a Gate);

impl Link for Reading<'_> {
    type Row = PgRow;

    async fn rows(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Vec<PgRow>, Fault> {
        self.0.rows(sql, values, BROKEN).await
    }
}

impl Link for Writing<'_> {
    type Row = PgRow;

    async fn rows(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Vec<PgRow>, Fault> {
        self.0.rows(sql, values, 1).await
    }
}

impl Gate {
    /// Carries out one statement, on so many connections at most.
    async fn rows(
        &self,
        sql: &Sql,
        values: &[Value<'_>],
        connections: u32,
    ) -> Result<Vec<PgRow>, Fault> {
        let (mut undone, mut broken) = (0, 0);
        loop {
            let mut connection = self.connection().await?;
            let work = sql.query::<Postgres>(values).fetch_all(&mut *connection);
            let result = timeout(self.patience, work).await;
            match self.settle(connection, result)? {
                Err(error) if is_undone(&error) && undone < TRIES => undone += 1,
                Err(error) if is_broken(&error) && broken + 1 < connections => broken += 1,
                result => return result.map_err(fault),
            }
            pause(undone).await;
        }
    }

    /// Carries out one statement and says how many rows it changed.
    pub(super) async fn execute(&self, sql: &Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.changes(sql, values).await?.map_err(fault)
    }

    /// Carries out a batch that is one statement; whether it was applied. Not if there would have been a second of
    /// its kind.
    pub(super) async fn applies(&self, sql: &Sql, values: &[Value<'_>]) -> Result<bool, Fault> {
        match self.changes(sql, values).await? {
            Ok(changed) => Ok(changed > 0),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(fault(error)),
        }
    }

    async fn changes(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Result<u64, Error>, Fault> {
        let mut undone = 0;
        loop {
            let mut connection = self.connection().await?;
            let work = sql.query::<Postgres>(values).execute(&mut *connection);
            let result = timeout(self.patience, work).await;
            match self.settle(connection, result)? {
                Err(error) if is_undone(&error) && undone < TRIES => undone += 1,
                result => return Ok(result.map(|done| done.rows_affected())),
            }
            pause(undone).await;
        }
    }

    /// Carries out the steps of a batch in one transaction, until one does not hold.
    pub(super) async fn all_or_nothing(&self, steps: &[Step<'_>]) -> Result<bool, Fault> {
        let (mut undone, mut broken) = (0, 0);
        loop {
            let mut connection = self.connection().await?;
            let result = timeout(self.patience, transaction(&mut connection, steps)).await;
            match self.settle(connection, result)? {
                Err(Failed { error, .. }) if is_undone(&error) && undone < TRIES => undone += 1,
                // Nothing was begun.
                Err(Failed { error, begun: false }) if is_broken(&error) && broken + 1 < BROKEN => {
                    broken += 1;
                }
                result => return result.map_err(|failed| fault(failed.error)),
            }
            pause(undone).await;
        }
    }

    pub(super) async fn connection(&self) -> Result<Held, Fault> {
        let connection = self.pool.acquire().await.map_err(fault)?;
        Ok(Held { connection, is_busy: true })
    }

    /// Gives a connection back, or has it closed if it does not answer.
    pub(super) fn settle<T>(
        &self,
        mut held: Held,
        result: Result<T, tokio::time::error::Elapsed>,
    ) -> Result<T, Fault> {
        held.is_busy = result.is_err();
        result.map_err(|_| too_slow())
    }
}

/// A connection that belongs to one command. Where that is dropped in the middle of something, or has no answer in
/// time, it is closed, which rolls a transaction back: in what state it is nobody knows, and sqlx would wait without
/// a limit for an answer on it before it counts it as free.
#[derive(Debug)]
pub(super) struct Held {
    connection: PoolConnection<Postgres>,
    is_busy: bool,
}

impl Deref for Held {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_busy {
            self.connection.close_on_drop();
        }
    }
}

/// Why a transaction was not applied.
pub(super) struct Failed {
    pub(super) error: Error,
    /// Whether anything was sent but the word to begin.
    pub(super) begun: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, begun: true }
    }
}

/// What is not committed is rolled back.
async fn transaction(connection: &mut PgConnection, steps: &[Step<'_>]) -> Result<bool, Failed> {
    let mut transaction =
        connection.begin().await.map_err(|error| Failed { error, begun: false })?;
    for step in steps {
        if !holds(&mut transaction, step).await? {
            return Ok(false);
        }
    }
    transaction.commit().await?;
    Ok(true)
}

async fn holds(connection: &mut PgConnection, step: &Step<'_>) -> Result<bool, Error> {
    match step.sql.query::<Postgres>(&step.values).execute(connection).await {
        Ok(done) => Ok(done.rows_affected() > 0 || step.effect == Effect::Any),
        Err(error) if step.effect == Effect::Changes && is_taken(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether there would have been a second of its kind.
fn is_taken(error: &Error) -> bool {
    super::fault::sqlstate(error) == Some(super::fault::code::UNIQUE_VIOLATION)
}

/// Waits for a moment that is longer every time and never the same for two.
pub(super) async fn pause(undone: u32) {
    if undone > 0 {
        let most = 4u64 << undone.min(6);
        let jitter = RandomState::new().build_hasher().finish() % most;
        tokio::time::sleep(Duration::from_millis(1 + jitter)).await;
    }
}
