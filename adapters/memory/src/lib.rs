//! The reference store: all records in memory, for tests, demonstrations and short-lived services.
//!
//! It is [`testudo::reference::Tables`] behind a lock. Everything is gone when the process ends.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
use testudo::reference::Tables;
use testudo_driver::{Fault, Store};

/// A store in memory. Clones share their records.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Tables>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A command that panics half-way leaves nothing half-done: it checks before it writes.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        Ok(self.tables().count_attempt(&command))
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        Ok(self.tables().find_user(&command))
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        Ok(self.tables().find_session(&command))
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        Ok(self.tables().find_session_with_user(&command))
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        Ok(self.tables().find_user_with_session(&command))
    }

    async fn find_session_record(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        Ok(self.tables().find_session_record(id))
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        Ok(self.tables().find_invitation(&command))
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        Ok(self.tables().find_api_key(&command))
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        Ok(self.tables().find_onboarding(&command))
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        Ok(self.tables().list_sessions(&command))
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        Ok(self.tables().list_users(&command))
    }

    async fn list_invitations(&self, command: ListInvitations) -> Result<Vec<Invitation>, Fault> {
        Ok(self.tables().list_invitations(&command))
    }

    async fn list_api_keys(&self, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        Ok(self.tables().list_api_keys(&command))
    }

    async fn list_events(&self, command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        Ok(self.tables().list_events(&command))
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        Ok(self.tables().sweep(&command))
    }

    async fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> Result<Vec<AttemptKey>, Fault> {
        Ok(self.tables().list_idle_attempts(idle_since, after.as_ref(), limit))
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        Ok(self.tables().forget_attempts(&keys, idle_since))
    }

    async fn commit(&self, command: Commit) -> Result<Result<(), Conflict>, Fault> {
        Ok(self.tables().commit(command))
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        Ok(self.tables().take_events(&consumer, now, until, limit))
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        self.tables().events_taken(&consumer, up_to);
        Ok(())
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        self.tables().postpone_events(&consumer, until);
        Ok(())
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        self.tables().begin_events(&consumer);
        Ok(())
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        self.tables().forget_consumer(&consumer);
        Ok(())
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        Ok(self.tables().take_messages(now, until, limit))
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        self.tables().messages_sent(&messages);
        Ok(())
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        self.tables().postpone_message(message, until);
        Ok(())
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        self.tables().bury_message(message, at, reason);
        Ok(())
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        Ok(self.tables().list_messages(&command))
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        Ok(self.tables().revive_messages(&which, now))
    }

    async fn ping(&self) -> Result<(), Fault> {
        Ok(())
    }
}
