//! The memory store, right but for one defect.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use testudo::Timestamp;
use testudo::command::{
    Commit, Conflict, CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSession,
    FindSessionWithUser, FindUser, FindUserWithSession, ListApiKeys, ListEvents, ListInvitations,
    ListSessions, ListUsers, OwnedApiKey, OwnedSession, Standing, Sweep, Swept,
};
use testudo::event::{EventRecord, TakenEvents};
use testudo::message::{BurialReason, DeadLetters, KeptMessage, ListMessages, TakenMessage};
use testudo::model::{
    ApiKey, AttemptCounter, AttemptKey, AttemptVerdict, EventId, Invitation, MessageId,
    OnboardingId, OnboardingSession, Session, SessionId, User, UserId,
};
use testudo_driver::{Fault, Store};
use testudo_memory::MemoryStore;

use crate::{Defect, committing, counting, events, messages, reading, sweeping};

/// The memory store with a defect.
pub(crate) struct Defective {
    pub(crate) store: MemoryStore,
    pub(crate) defect: Defect,
    /// For the defects of counting.
    pub(crate) counters: Mutex<BTreeMap<AttemptKey, AttemptCounter>>,
    /// For the defect that remembers owners.
    pub(crate) standings: Mutex<BTreeMap<UserId, Standing>>,
    /// For the defect that hides accounts in place of removing them.
    pub(crate) hidden_by: Mutex<Option<Timestamp>>,
    /// For the defect that finds keys of nobody.
    pub(crate) orphans: Mutex<Vec<ApiKey>>,
    /// For the defect that remembers the first state of an onboarding session.
    pub(crate) begun: Mutex<BTreeMap<OnboardingId, OnboardingSession>>,
    /// For the defect that records events later.
    pub(crate) recordings: AtomicUsize,
}

impl Defective {
    pub(crate) fn new(defect: Defect) -> Self {
        Self {
            store: MemoryStore::new(),
            defect,
            counters: Mutex::default(),
            standings: Mutex::default(),
            hidden_by: Mutex::default(),
            orphans: Mutex::default(),
            begun: Mutex::default(),
            recordings: AtomicUsize::new(0),
        }
    }
}

impl Store for Defective {
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        counting::count_attempt(self, command).await
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        reading::find_user(self, command).await
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        reading::find_session(self, command).await
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        reading::find_session_with_user(self, command).await
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        reading::find_user_with_session(self, command).await
    }

    async fn find_session_record(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        reading::find_session_record(self, id).await
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        reading::find_invitation(self, command).await
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        reading::find_api_key(self, command).await
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        reading::find_onboarding(self, command).await
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        self.store.list_sessions(command).await
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        self.store.list_users(command).await
    }

    async fn list_invitations(&self, command: ListInvitations) -> Result<Vec<Invitation>, Fault> {
        reading::list_invitations(self, command).await
    }

    async fn list_api_keys(&self, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        reading::list_api_keys(self, command).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        sweeping::sweep(self, command).await
    }

    async fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> Result<Vec<AttemptKey>, Fault> {
        sweeping::list_idle_attempts(self, idle_since, after, limit).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        sweeping::forget_attempts(self, keys, idle_since).await
    }

    async fn commit(&self, batch: Commit) -> Result<Result<(), Conflict>, Fault> {
        committing::commit(self, batch).await
    }

    async fn list_events(&self, command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        events::list_events(self, command).await
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        events::take_events(self, consumer, now, until, limit).await
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        events::events_taken(self, consumer, up_to).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        events::postpone_events(self, consumer, until).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        events::begin_events(self, consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        events::forget_consumer(self, consumer).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        messages::take_messages(self, now, until, limit).await
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        messages::messages_sent(self, messages).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        messages::postpone_message(self, message, until).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        messages::bury_message(self, message, at, reason).await
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        messages::list_messages(self, command).await
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        messages::revive_messages(self, which, now).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.store.ping().await
    }
}
