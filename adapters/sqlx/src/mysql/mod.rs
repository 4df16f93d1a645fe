//! Records in MySQL or MariaDB.
//!
//! [`MySqlStore`] is the store, [`MySqlOptions`] say where it is, and [`OpenError`] why a database cannot be one.
//!
//! # What it needs
//!
//! MySQL from 8.0.11 or MariaDB from 10.6, with InnoDB. The conformance suite runs on MariaDB 10.11; that MySQL does the
//! same was checked by reading its manual (8.0 and 8.4), statement by statement:
//!
//! * `SKIP LOCKED` and locking reads (15.2.13 and 17.7.2.4), `LOCK IN SHARE MODE`, which it keeps beside `FOR SHARE`;
//! * no gap locks and unlocking of rows that do not match under `READ COMMITTED` (17.7.2.1);
//! * `INSERT … ON DUPLICATE KEY UPDATE`, whose assignments are made from left to right (15.2.7.2), none of
//!   which here reads a column that was assigned before;
//! * `DELETE … ORDER BY … LIMIT` on one table, with a subquery on another (15.2.2);
//! * comparing `VARBINARY` byte for byte, without padding (13.3.3), and index keys up to 3072 bytes (17.21.1);
//! * the counter of `AUTO_INCREMENT` outliving a restart (17.6.1.6), on which nothing depends here;
//! * `GET_LOCK` with names up to 64 characters (14.14), and implicit commits (15.3.3);
//! * the numbers of errors (Server Error Message Reference).
//!
//! What MySQL has and MariaDB 10.6 has not is not used (`FOR SHARE`, `utf8mb4_0900_bin`, `NOWAIT` of 8.0 for tables),
//! nor the other way round (`RETURNING`, `utf8mb4_nopad_bin`, sequences).
//!
//! MySQL's way to check passwords (`caching_sha2_password`) takes TLS, which its servers offer unless they were told
//! not to: without TLS the library would need an implementation of RSA whose timing gives keys away.
//!
//! # Where it does not run, and what a cluster must be
//!
//! * TiDB takes `LOCK IN SHARE MODE` for nothing, unless it is told to refuse it, which it is by default: the first
//!   commit fails. Vitess has not been looked at.
//! * **Galera** certifies when a transaction commits; what loses there is told as a deadlock, and is tried again. But
//!   nodes apply what others wrote a moment later: all nodes of the application must use one node of the database at
//!   a time, or `wsrep_sync_wait` must be 7, so that a read sees what was acknowledged before.
//! * **Replicas** are for a fail-over and for backups; never put one behind the URL beside the primary.
//!   What a fail-over to a replica that lags loses was acknowledged and is gone: sessions that were ended live again.
//!   Semi-synchronous replication (`rpl_semi_sync_master_wait_point = AFTER_SYNC`) loses nothing.
//!
//! # What the server's settings should be
//!
//! * `innodb_flush_log_at_trx_commit = 1` and `sync_binlog = 1`: with less, what was acknowledged may be lost when the
//!   machine stops.
//! * `binlog_format` of `ROW` or `MIXED`: `STATEMENT` refuses writes under `READ COMMITTED`.
//! * `max_allowed_packet` of 16 MiB, the default of MariaDB (MySQL has 64), is enough for every record that the library
//!   allows by default.
//! * `character_set_server`, `collation_server`, `sql_mode`, `time_zone` and `transaction_isolation` may be anything:
//!   sessions and tables say themselves what they need.

mod attempts;
mod events;
mod fault;
#[cfg(test)]
mod fixtures;
mod lists;
mod messages;
mod open;
mod open_error;
mod options;
#[cfg(test)]
mod real_server;
mod statements;
mod sweep;
mod user_table;

use std::fmt;
use std::sync::Arc;

use testudo::Timestamp;
use testudo::command::{Commit, Conflict, CountAttempt, Sweep, Swept};
use testudo::event::TakenEvents;
use testudo::message::{BurialReason, DeadLetters, TakenMessage};
use testudo::model::{AttemptKey, AttemptVerdict, EventId, MessageId};
use testudo_driver::{Fault, Store};

pub use open_error::OpenError;
pub use options::MySqlOptions;

pub(crate) use self::fault::failure;
use self::statements::Statements;
use crate::sql::refresh::Refresh;
use crate::sql::server::Pool;

/// All records in one database of MySQL or MariaDB. Clones share their connections.
///
/// * **Durable** as far as the server is: by its defaults what was acknowledged survives a crash of its machine.
/// * **Read your writes.** A read that begins after a commit was acknowledged sees it, on whichever connection of
///   whichever process it runs.
/// * **Shared.** Any number of processes may open the same database, also at the same time while there are migrations
///   to apply.
/// * **In the way of each other** are transactions only where they change the same record, for as long as one takes.
///   Where two wait for each other, the server ends one, which is tried again, a bounded number of times.
/// * **Bounded.** So many connections, so long a wait for one, so long a wait for the answer to each statement
///   ([`MySqlOptions`]); what takes longer is a fault, and [in all](#how-long-a-command-takes-at-most) that has an end,
///   too. A connection that failed, or whose command was dropped, is closed, and made anew when one is needed: when the
///   database comes back, so does the store.
///
/// # How long a command takes at most
///
/// Let *P* be the patience, 4 seconds unless [the options](MySqlOptions::with_patience) say another.
///
/// * **The server falls silent**: 2 *P* from then on, one wait for a connection and one for an answer, and a pause
///   where it was to begin again. Whoever has waited in vain once does not wait again.
/// * **Somebody keeps a row locked**: the server ends the wait for it after 3 seconds, and the command is begun again,
///   twice: that is 9 seconds, and what it does before it waits. With a patience of less than that it is *P*, once.
/// * **Others are always faster**, so that the server undoes the command for a deadlock: it is begun 11 times, with pauses
///   of at most 1.6 seconds in all in between, and is overloaded then.
/// * **Every answer comes just in time**: a command that is one statement takes 2 *P*, and a batch of *n* guards,
///   writes, events and messages that is a transaction takes (*n* + 3) *P*: the connection, its beginning and its end
///   are the other three. Removing a user is three statements more, and a guard that there is no session one, and
///   a batch that has guards alone two.
///   Where a connection breaks just in time, a look-up or the beginning of a transaction takes 2 *P* more, at most twice.
///
/// The worst is all of this at once: 22 *P* for a write of one statement, 26 *P* for a look-up, 11 (*n* + 7) *P* for a
/// transaction, and the pauses. An attempt is counted in a transaction of two statements; if its counter is made by
/// others in between, each time, that is done 8 times. A sweep and the taking of events are several such commands, one
/// after the other.
///
/// Who does not want to wait drops the future, at any time: a connection that is in the middle of something is closed as
/// soon as the server is done with that, *P* later at the latest, and what was not committed is undone. Until then it
/// counts among the connections that there may be.
///
/// The methods must be called within a tokio runtime.
///
/// # Security
///
/// The database holds password hashes and the personal data of users: give the program a user of its own with rights on
/// this database alone, and TLS that verifies the server ([`MySqlOptions`]).
#[derive(Clone)]
pub struct MySqlStore {
    database: Pool<sqlx::MySql>,
    statements: Arc<Statements>,
}

impl MySqlStore {
    /// Waits for the commands under way, then closes all connections. Every later command is a fault.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl fmt::Debug for MySqlStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MySqlStore").field("database", &self.database).finish_non_exhaustive()
    }
}

// Futures that hold a transaction are large, and those of flows hold them: they are boxed.
impl Store for MySqlStore {
    crate::sql::look_ups!(database);

    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        Box::pin(attempts::count(self, &command)).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        Box::pin(crate::sql::sweep::sweep(self, command)).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        attempts::forget(self, &keys, idle_since).await
    }

    async fn commit(&self, command: Commit) -> Result<Result<(), Conflict>, Fault> {
        let Statements { writes, refresh, .. } = &*self.statements;
        let is_applied = match Refresh::of(&command) {
            Some(batch) => self.database.applies(refresh, &batch.values()?).await?,
            None => Box::pin(self.database.all_or_nothing(&writes.steps(&command)?)).await?,
        };
        Ok(if is_applied { Ok(()) } else { Err(Conflict) })
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        Box::pin(events::take(self, &consumer, now, until, limit)).await
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
        Box::pin(messages::take(self, now, until, limit)).await
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
        messages::revive(self, &which, now).await
    }
}
