//! Records in one SQLite file.
//!
//! [`SqliteStore`] is the store; [`OpenError`] says why a file cannot be one.

mod attempts;
mod commit;
mod events;
mod fault;
#[cfg(test)]
mod fixtures;
mod messages;
mod open;
mod open_error;
mod own_users;
mod statements;
mod sweep;
#[cfg(test)]
mod tampered;

use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, SqlitePool};
use testudo::Timestamp;
use testudo::command::{Commit, Conflict, CountAttempt, Sweep, Swept};
use testudo::event::TakenEvents;
use testudo::message::{BurialReason, DeadLetters, TakenMessage};
use testudo::model::{AttemptKey, AttemptVerdict, EventId, MessageId};
use testudo_driver::{Fault, Store};

pub use open_error::OpenError;

use self::fault::fault;
use self::statements::Statements;
use crate::sql::{Link, Sql, Value, counting};

/// All records in one SQLite file. Clones share their connections.
///
/// * **Durable.** A commit that was acknowledged survives a crash of the program, and of the machine
///   as far as its disk keeps what it says it wrote (`synchronous = FULL`).
/// * **Read your writes.** A read that begins after a commit was acknowledged sees it, on whichever
///   connection it runs (write-ahead log, no read transaction outlives its statement).
/// * **One writer.** SQLite admits one at a time. Writes queue for one connection, in order; reads run
///   beside them on several others.
/// * **Shared.** Several processes on one machine may open the same file, as a command-line tool does
///   beside a server. Each waits up to 5 seconds for the other's transaction. The file must not lie on
///   a network file system.
///
/// The files `…-wal` and `…-shm` beside the database belong to it while it is open: back it up with
/// `VACUUM INTO` or SQLite's backup tools, not by copying the one file.
///
/// The methods must be called within a tokio runtime.
///
/// # Security
///
/// The file holds password hashes and the personal data of users. When it is made it is readable by
/// its owner alone; an existing file keeps its permissions.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// One connection: writers wait their turn here, where the queue is fair, and not in SQLite's
    /// busy handler, where it is not.
    writer: SqlitePool,
    /// Several connections, opened for reading only.
    readers: SqlitePool,
    statements: Arc<Statements>,
}

/// Each statement by itself. On the writer, one that changes rows is committed when it has run to its end.
impl Link for SqlitePool {
    type Row = SqliteRow;

    async fn row(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Option<SqliteRow>, Fault> {
        sql.query::<Sqlite>(values).fetch_optional(self).await.map_err(fault)
    }

    async fn rows(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Vec<SqliteRow>, Fault> {
        sql.query::<Sqlite>(values).fetch_all(self).await.map_err(fault)
    }
}

impl SqliteStore {
    /// Waits for the commands under way, then closes all connections. Every later command is a fault.
    ///
    /// Dropping the store loses nothing either; closing it also leaves the file without its
    /// write-ahead log.
    pub async fn close(&self) {
        // The last to go takes the log with it, which takes a connection that may write.
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl Store for SqliteStore {
    crate::sql::look_ups!(readers);

    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        let Statements { reads, reserve, .. } = &*self.statements;
        counting::count_attempt(reads, reserve, &self.readers, &self.writer, &command).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        crate::sql::sweep::sweep(self, command).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        attempts::forget(&self.writer, &self.statements, &keys, idle_since).await
    }

    async fn commit(&self, command: Commit) -> Result<Result<(), Conflict>, Fault> {
        commit::commit(self, &command).await
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        events::take(self, &consumer, now, until, limit).await
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        events::taken(self, &consumer, up_to).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        events::postpone(self, &consumer, until).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        events::begin(self, &consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        events::forget(self, &consumer).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        messages::take(self, now, until, limit).await
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        messages::sent(self, &messages).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        messages::postpone(self, message, until).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        messages::bury(self, message, at, reason).await
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        messages::revive(self, which, now).await
    }
}
