//! Records in PostgreSQL, and in databases that speak its protocol.
//!
//! [`PostgresStore`] is the store, [`PostgresOptions`] how it connects; [`OpenError`] says why a database cannot be
//! one.

mod commit;
mod events;
mod fault;
mod messages;
mod open;
mod open_error;
mod options;
mod own_users;
#[cfg(test)]
mod real_server;
mod statements;
mod sweep;

use std::sync::Arc;

use testudo::Timestamp;
use testudo::command::{Commit, Conflict, CountAttempt, Sweep, Swept};
use testudo::event::TakenEvents;
use testudo::message::{BurialReason, DeadLetters, TakenMessage};
use testudo::model::{AttemptKey, AttemptVerdict, EventId, MessageId};
use testudo_driver::{Fault, Store};

pub use open_error::OpenError;
pub use options::PostgresOptions;

pub(crate) use self::fault::failure;
use self::statements::Statements;
use crate::sql::records::name;
use crate::sql::server::{Pool, Writing};
use crate::sql::{Value, counting};

/// All records in one database of PostgreSQL 12 or later. Clones share their connections.
///
/// * **Any number of nodes.** Nothing is kept here; what must not happen twice is decided by the database. A commit
///   is one transaction (READ COMMITTED), which locks every row that it is guarded on, in one order for all.
/// * **Few round trips.** A look-up is one statement; so is counting an attempt, a refresh, and what a sign-in
///   writes.
/// * **Bounded.** So many connections, so long a wait for one, so long a wait for the answer to each statement
///   ([`PostgresOptions`]); what takes longer is a fault. What the database undid for the sake of another transaction
///   is tried again, ten times at most. A read that finds its connection broken is sent on another one; a write is not,
///   as nobody knows what became of it. [In all](#how-long-a-command-takes-at-most) that has an end, too.
/// * **Durable** as the server is set up: with `synchronous_commit = on`, an acknowledged commit survives its crash,
///   and with a synchronous standby also its loss.
///
/// The conformance suite runs on version 15; it was also run on 12.22 and on 18.4.
///
/// The store must be given the primary: what was acknowledged must be seen at once. Of PgBouncer it needs session
/// pooling: statements are prepared, and each connection is set up once.
///
/// # Other databases with this protocol
///
/// Neither foreign keys, triggers, advisory locks, LISTEN, deferred constraints nor row identifiers are used; JSON
/// is text and moments are numbers. What is used is `INSERT … ON CONFLICT`, `FOR UPDATE`, `FOR NO KEY UPDATE` and
/// `SKIP LOCKED`, partial indexes, identity columns, columns with `COLLATE "C"`, and common table expressions that write,
/// two of them to the same table when somebody signs in. None of the following was run with it, so try before you rely
/// on it. YugabyteDB has all of that, with READ COMMITTED under its flag `yb_enable_read_committed_isolation`; Aurora
/// and AlloyDB are PostgreSQL. CockroachDB does not take columns with a collation of this name, nor, as it is set up,
/// a statement that changes one table twice: it is not served.
///
/// # How long a command takes at most
///
/// Let *P* be the patience, 4 seconds unless [the options](PostgresOptions::with_patience) say another.
///
/// * **The server falls silent**: 2 *P* from then on, one wait for a connection and one for an answer, and a pause
///   where it was to begin again. Whoever has waited in vain once does not wait again.
/// * **Somebody keeps a row locked**: the wait for it ends after 0.9 *P*, by the server, and is not repeated.
/// * **Others are always faster**, so that the server undoes the command for a deadlock or a serialisation failure: it is
///   begun 11 times, with pauses of at most 1.6 seconds in all in between, and is overloaded then.
/// * **Every answer comes just in time**: a command that is one statement takes 2 *P*, and a batch of *n* guards,
///   writes, events and messages that is a transaction takes (*n* + 3) *P*: the connection, its beginning and its end
///   are the other three. Removing a user is three statements more, and a guard that there is no session one.
///   Where a connection breaks just in time, a look-up or the beginning of a transaction takes 2 *P* more, at most twice.
///
/// The worst is all of this at once: 22 *P* for a write of one statement, 26 *P* for a look-up, 11 (*n* + 7) *P* for a
/// transaction, and the pauses. An attempt is counted in one statement, and one more says why it is refused; if its
/// counter is removed in between, each time, that is done 8 times. A sweep and the taking of events are several such
/// commands, one after the other.
///
/// Who does not want to wait drops the future, at any time: a connection that is in the middle of something is closed as
/// soon as the server is done with that, *P* later at the latest, and what was not committed is undone. Until then it
/// counts among the connections that there may be.
///
/// The methods must be called within a tokio runtime.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    database: Pool<sqlx::Postgres>,
    statements: Arc<Statements>,
}

impl PostgresStore {
    /// Waits for the commands under way, then closes all connections. Every later command is a fault.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl Store for PostgresStore {
    crate::sql::look_ups!(database);

    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        let Self { database, statements } = self;
        let Statements { reads, reserve, .. } = &**statements;
        counting::count_attempt(reads, reserve, database, &Writing(database), &command).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        crate::sql::sweep::sweep(self, command).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        messages::forget_attempts(self, &keys, idle_since).await
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
        let values = [Value::text(&consumer), until.into()];
        self.database.execute(&self.statements.events.postpone, &values).await.map(drop)
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        events::begin(self, &consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        let values = [Value::text(&consumer)];
        self.database.execute(&self.statements.events.forget, &values).await.map(drop)
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
        let values = [Value::uuid(message.as_uuid()), until.into()];
        self.database.execute(&self.statements.messages.postpone, &values).await.map(drop)
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        let values = [Value::uuid(message.as_uuid()), at.into(), name(&reason)?];
        self.database.execute(&self.statements.messages.bury, &values).await.map(drop)
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        messages::revive(self, which, now).await
    }
}
