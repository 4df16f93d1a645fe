//! The memory store with every command on a thread of its own, which is what makes them race.

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
use testudo_memory::MemoryStore;

/// Carries out each command on a thread of a pool.
#[derive(Clone)]
pub(crate) struct OnThreads(pub(crate) MemoryStore);

impl OnThreads {
    async fn run<T: Send + 'static>(
        &self,
        command: impl AsyncFnOnce(MemoryStore) -> T + Send + 'static,
    ) -> T {
        let store = self.0.clone();
        smol::unblock(move || smol::block_on(command(store))).await
    }
}

impl Store for OnThreads {
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        self.run(async |store| store.count_attempt(command).await).await
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        self.run(async |store| store.find_user(command).await).await
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        self.run(async move |store| store.find_session(command).await).await
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        self.run(async move |store| store.find_session_with_user(command).await).await
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        self.run(async move |store| store.find_user_with_session(command).await).await
    }

    async fn find_session_record(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        self.run(async move |store| store.find_session_record(id).await).await
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        self.run(async move |store| store.find_invitation(command).await).await
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        self.run(async move |store| store.find_api_key(command).await).await
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        self.run(async move |store| store.find_onboarding(command).await).await
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        self.run(async move |store| store.list_sessions(command).await).await
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        self.run(async move |store| store.list_users(command).await).await
    }

    async fn list_invitations(&self, command: ListInvitations) -> Result<Vec<Invitation>, Fault> {
        self.run(async move |store| store.list_invitations(command).await).await
    }

    async fn list_api_keys(&self, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        self.run(async move |store| store.list_api_keys(command).await).await
    }

    async fn list_events(&self, command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        self.run(async move |store| store.list_events(command).await).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        self.run(async move |store| store.sweep(command).await).await
    }

    async fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> Result<Vec<AttemptKey>, Fault> {
        self.run(async move |store| store.list_idle_attempts(idle_since, after, limit).await).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        self.run(async move |store| store.forget_attempts(keys, idle_since).await).await
    }

    async fn commit(&self, batch: Commit) -> Result<Result<(), Conflict>, Fault> {
        self.run(async |store| store.commit(batch).await).await
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        self.run(async move |store| store.take_events(consumer, now, until, limit).await).await
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        self.run(async move |store| store.events_taken(consumer, up_to).await).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        self.run(async move |store| store.postpone_events(consumer, until).await).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        self.run(async move |store| store.begin_events(consumer).await).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        self.run(async move |store| store.forget_consumer(consumer).await).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        self.run(async move |store| store.take_messages(now, until, limit).await).await
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        self.run(async move |store| store.messages_sent(messages).await).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        self.run(async move |store| store.postpone_message(message, until).await).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        self.run(async move |store| store.bury_message(message, at, reason).await).await
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        self.run(async move |store| store.list_messages(command).await).await
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        self.run(async move |store| store.revive_messages(which, now).await).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.0.ping().await
    }
}
