//! Records in one SQLite file.
//!
//! [`SqliteStore`] is the store; [`OpenError`] says why a file cannot be one.

mod api_keys;
mod attempts;
mod commit;
mod dead_letters;
mod events;
mod factors;
mod fault;
mod find;
#[cfg(test)]
mod fixtures;
mod invitations;
mod list;
mod messages;
mod onboarding;
mod open;
mod open_error;
mod rows;
mod sweep;
mod writes;

use sqlx::SqlitePool;
use testudo::Timestamp;
use testudo::command::{
    Commit, Conflict, CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSession,
    FindSessionWithUser, FindUser, FindUserWithSession, ListApiKeys, ListEvents, ListInvitations,
    ListSessions, ListUsers, OwnedApiKey, OwnedSession, Sweep, Swept,
};
use testudo::event::{EventRecord, TakenEvents};
use testudo::message::{BurialReason, DeadLetters, KeptMessage, ListMessages, TakenMessage};
use testudo::model::{
    ApiKey, AttemptKey, AttemptVerdict, EventId, Invitation, MessageId, OnboardingSession, Session,
    SessionId, User,
};
use testudo_driver::{Fault, Store};

pub use open_error::OpenError;

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
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        attempts::count(self, &command).await
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        find::user(&self.readers, &command).await
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        find::session(&self.readers, command).await
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        find::session_with_user(&self.readers, command).await
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        find::user_with_session(&self.readers, command).await
    }

    async fn find_session_record(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        find::session_record(&self.readers, id).await
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        invitations::find(&self.readers, command).await
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        api_keys::find(&self.readers, command).await
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        onboarding::find(&self.readers, command).await
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        list::sessions(&self.readers, command).await
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        list::users(&self.readers, command).await
    }

    async fn list_invitations(&self, command: ListInvitations) -> Result<Vec<Invitation>, Fault> {
        invitations::list(&self.readers, command).await
    }

    async fn list_api_keys(&self, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        api_keys::list(&self.readers, command).await
    }

    async fn list_events(&self, command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        events::list(&self.readers, &command).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        sweep::sweep(&self.writer, command).await
    }

    async fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> Result<Vec<AttemptKey>, Fault> {
        attempts::list_idle(&self.readers, idle_since, after.as_ref(), limit).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        attempts::forget(&self.writer, &keys, idle_since).await
    }

    async fn commit(&self, command: Commit) -> Result<Result<(), Conflict>, Fault> {
        commit::commit(&self.writer, &command).await
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
        events::taken(&self.writer, &consumer, up_to).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        events::postpone(&self.writer, &consumer, until).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        events::begin(&self.writer, &consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        events::forget(&self.writer, &consumer).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        messages::take(&self.writer, now, until, limit).await
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        messages::sent(&self.writer, &messages).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        messages::postpone(&self.writer, message, until).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        dead_letters::bury(&self.writer, message, at, reason).await
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        dead_letters::list(&self.readers, command).await
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        dead_letters::revive(&self.writer, which, now).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        find::anything(&self.readers).await
    }
}
