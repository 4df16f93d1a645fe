//! Several handles to the same records, used in turn.

use std::sync::atomic::{AtomicUsize, Ordering};

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

use crate::{Fault, Store};

/// Several handles to the same records as one store: each command goes to the next one in turn, as
/// requests do behind a load balancer.
#[derive(Debug)]
pub struct Nodes<S> {
    first: S,
    others: Vec<S>,
    commands: AtomicUsize,
}

impl<S: Store> Nodes<S> {
    /// Takes turns between `first` and `others`, which must all lead to the same records.
    pub fn new(first: S, others: impl IntoIterator<Item = S>) -> Self {
        let others = others.into_iter().collect();
        Self { first, others, commands: AtomicUsize::new(0) }
    }

    fn next(&self) -> &S {
        let turn = self.commands.fetch_add(1, Ordering::Relaxed);
        let position = turn % self.others.len().saturating_add(1);
        self.others.get(position).unwrap_or(&self.first)
    }
}

impl<S: Store> Store for Nodes<S> {
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        self.next().count_attempt(command).await
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        self.next().find_user(command).await
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        self.next().find_session(command).await
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        self.next().find_session_with_user(command).await
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        self.next().find_user_with_session(command).await
    }

    async fn find_session_record(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        self.next().find_session_record(id).await
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        self.next().find_invitation(command).await
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        self.next().find_api_key(command).await
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        self.next().find_onboarding(command).await
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        self.next().list_sessions(command).await
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        self.next().list_users(command).await
    }

    async fn list_invitations(&self, command: ListInvitations) -> Result<Vec<Invitation>, Fault> {
        self.next().list_invitations(command).await
    }

    async fn list_api_keys(&self, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        self.next().list_api_keys(command).await
    }

    async fn list_events(&self, command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        self.next().list_events(command).await
    }

    async fn sweep(&self, command: Sweep) -> Result<Swept, Fault> {
        self.next().sweep(command).await
    }

    async fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<AttemptKey>,
        limit: u32,
    ) -> Result<Vec<AttemptKey>, Fault> {
        self.next().list_idle_attempts(idle_since, after, limit).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        self.next().forget_attempts(keys, idle_since).await
    }

    async fn commit(&self, command: Commit) -> Result<Result<(), Conflict>, Fault> {
        self.next().commit(command).await
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        self.next().take_events(consumer, now, until, limit).await
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        self.next().events_taken(consumer, up_to).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        self.next().postpone_events(consumer, until).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        self.next().begin_events(consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        self.next().forget_consumer(consumer).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        self.next().take_messages(now, until, limit).await
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        self.next().messages_sent(messages).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        self.next().postpone_message(message, until).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        self.next().bury_message(message, at, reason).await
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        self.next().list_messages(command).await
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        self.next().revive_messages(which, now).await
    }

    async fn ping(&self) -> Result<(), Fault> {
        self.next().ping().await
    }
}
