//! Each command, and where it is carried out.

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
use testudo_driver::{Fault, FaultKind, Store};

use crate::{RedisStore, attempts, commit, events, eviction, find, idle, list, messages, sweep};

impl Store for RedisStore {
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        attempts::count(&self.for_one_command(), &command).await
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        find::user(&self.for_one_command(), &command).await
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        find::session(&self.for_one_command(), command).await
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        find::session_with_user(&self.for_one_command(), command).await
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        find::user_with_session(&self.for_one_command(), command).await
    }

    async fn find_session_record(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        find::session_record(&self.for_one_command(), id).await
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        find::invitation(&self.for_one_command(), command).await
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        find::api_key(&self.for_one_command(), command).await
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        find::onboarding(&self.for_one_command(), command).await
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        list::sessions(&self.for_one_command(), command).await
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        list::users(&self.for_one_command(), command).await
    }

    async fn list_invitations(&self, command: ListInvitations) -> Result<Vec<Invitation>, Fault> {
        list::invitations(&self.for_one_command(), command).await
    }

    async fn list_api_keys(&self, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        list::api_keys(&self.for_one_command(), command).await
    }

    async fn list_events(&self, command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        events::list(&self.for_one_command(), &command).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        sweep::sweep(self, command).await
    }

    async fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> Result<Vec<AttemptKey>, Fault> {
        idle::list(self, idle_since, after.as_ref(), limit).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        idle::forget(self, &keys, idle_since).await
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
        events::take(&self.for_one_command(), &consumer, now, until, limit).await
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        events::taken(&self.for_one_command(), &consumer, up_to).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        events::postpone(&self.for_one_command(), &consumer, until).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        events::begin(&self.for_one_command(), &consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        events::forget(&self.for_one_command(), &consumer).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        messages::take(&self.for_one_command(), now, until, limit).await
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        messages::sent(&self.for_one_command(), &messages).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        messages::postpone(&self.for_one_command(), message, until).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        messages::bury(&self.for_one_command(), message, at, reason).await
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        messages::list(&self.for_one_command(), command).await
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        messages::revive(&self.for_one_command(), &which, now).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        let store = self.for_one_command();
        find::anything(&store).await?;
        // It may have been told to since the store was opened, or another server has taken over.
        let evicts = !self.may_evict && eviction::policy(&store.link).await?.is_some();
        if evicts {
            return Err(Fault::new(
                FaultKind::Unavailable,
                "Redis throws keys away when memory is short; set maxmemory-policy noeviction",
            ));
        }
        Ok(())
    }
}
