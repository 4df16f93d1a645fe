//! Records in several stores.

mod sweeping;

use std::sync::{Arc, Mutex, PoisonError};

use testudo::Timestamp;
use testudo::command::{
    Commit, Conflict, CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSession,
    FindSessionWithUser, FindUser, FindUserWithSession, ListApiKeys, ListEvents, ListInvitations,
    ListSessions, ListUsers, OwnedApiKey, OwnedSession, Part, Placement, Share, Sweep, Swept,
    UserKey,
};
use testudo::event::{EventRecord, TakenEvents};
use testudo::message::{BurialReason, DeadLetters, KeptMessage, ListMessages, TakenMessage};
use testudo::model::{
    ApiKey, AttemptKey, AttemptVerdict, EventId, Invitation, MessageId, OnboardingSession, Session,
    SessionId, User,
};

use crate::{Fault, FaultKind, SharedStore, Store};

/// A store made of several: users with their invitations and API keys, sessions, attempt counters, onboarding
/// sessions, and events with messages, each in the store of choice.
///
/// ```
/// use testudo::command::Part;
/// use testudo_driver::Split;
/// use testudo_memory::MemoryStore;
///
/// let (database, fast) = (MemoryStore::new(), MemoryStore::new());
/// let store = Split::new(database).place(
///     [Part::Sessions, Part::Counters, Part::Onboarding],
///     fast,
/// );
/// ```
///
/// # What still holds, and what does not
///
/// * What concerns one part is as atomic as its store makes it: limits are exact, and one of many replacements is
///   applied.
/// * A batch over several stores is applied one store after the other, as [`Commit::split`] says. A crash in between,
///   or a client that hangs up, leaves the first of it. Flows order their writes so that nothing is granted by
///   that: somebody may have to sign in again, or to enter another code.
/// * A session is read before its owner, and not at the same moment. Whatever was acknowledged before is seen.
///   A session that goes on while all others of its user end is refused for the moment between the two writes.
/// * Events are in the order in which they reached their store. A change that another store applied first may be
///   followed there by a second one before its event is recorded: of two that were under way at the same time, the
///   events may stand the other way round. Whatever began after another was acknowledged is behind it.
/// * Sessions of a removed user stay until they expire. They are dead, as they have no owner.
///
/// Keep the outbox where the users are: what happens to an account is recorded, and its owner told, in the
/// transaction that does it then, and in the order in which it happened.
///
/// # Security
///
/// A store that loses the last second of its writes, as a failover with asynchronous replication may, brings back
/// what was there before: a counter that was not raised yet, a session that was not ended yet. What must not come
/// back belongs into a store that does not.
#[derive(Clone, Debug)]
pub struct Split {
    stores: Vec<SharedStore>,
    placement: Placement,
    /// How far the idle counters were looked through, where the store that holds them knows no accounts.
    looked_through: Arc<Mutex<Option<AttemptKey>>>,
}

impl Split {
    /// All parts in one store, to begin with.
    pub fn new(main: impl Store + 'static) -> Self {
        Self {
            stores: vec![SharedStore::new(main)],
            placement: Placement::together(0),
            looked_through: Arc::default(),
        }
    }

    /// Places parts in another store. A part that was placed before moves; what the store before holds of it is not
    /// looked at any more.
    #[must_use]
    pub fn place(
        mut self,
        parts: impl IntoIterator<Item = Part>,
        store: impl Store + 'static,
    ) -> Self {
        let number = self.stores.len();
        self.stores.push(SharedStore::new(store));
        for part in parts {
            self.placement = self.placement.place(part, number);
        }
        self
    }

    /// Which part lives where: store 0 is the first, and each that was placed has the next number.
    #[must_use]
    pub const fn placement(&self) -> &Placement {
        &self.placement
    }

    fn of(&self, part: Part) -> Result<&SharedStore, Fault> {
        self.number(self.placement.store_of(part))
    }

    fn number(&self, number: usize) -> Result<&SharedStore, Fault> {
        let store = self.stores.get(number);
        store.ok_or_else(|| Fault::new(FaultKind::Internal, "a part is placed in no store"))
    }

    /// The one store of users and sessions, if it is one: it joins them in one read.
    fn joined(&self) -> Result<Option<&SharedStore>, Fault> {
        let (users, sessions) =
            (self.placement.store_of(Part::Users), self.placement.store_of(Part::Sessions));
        if users == sessions { self.number(users).map(Some) } else { Ok(None) }
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        self.of(Part::Sessions)?.find_session_record(id).await
    }

    fn looked_through(&self) -> std::sync::MutexGuard<'_, Option<AttemptKey>> {
        self.looked_through.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Split {
    async fn count_attempt(&self, command: CountAttempt) -> Result<AttemptVerdict, Fault> {
        self.of(Part::Counters)?.count_attempt(command).await
    }

    async fn find_user(&self, command: FindUser) -> Result<Option<User>, Fault> {
        self.of(Part::Users)?.find_user(command).await
    }

    async fn find_session(&self, command: FindSession) -> Result<Option<OwnedSession>, Fault> {
        if let Some(store) = self.joined()? {
            return store.find_session(command).await;
        }
        let FindSession { id } = command;
        let found = self.find_session_with_user(FindSessionWithUser { id }).await?;
        Ok(found.map(|(session, user)| OwnedSession { session, standing: user.standing() }))
    }

    async fn find_session_with_user(
        &self,
        command: FindSessionWithUser,
    ) -> Result<Option<(Session, User)>, Fault> {
        if let Some(store) = self.joined()? {
            return store.find_session_with_user(command).await;
        }
        let Some(session) = self.session(command.id).await? else { return Ok(None) };
        let user = self.find_user(FindUser { key: UserKey::Id(session.user) }).await?;
        Ok(user.map(|user| (session, user)))
    }

    async fn find_user_with_session(
        &self,
        command: FindUserWithSession,
    ) -> Result<Option<(User, Option<Session>)>, Fault> {
        if let Some(store) = self.joined()? {
            return store.find_user_with_session(command).await;
        }
        let FindUserWithSession { user: id, session } = command;
        let session = self.session(session).await?.filter(|session| session.user == id);
        let user = self.find_user(FindUser { key: UserKey::Id(id) }).await?;
        Ok(user.map(|user| (user, session)))
    }

    async fn find_session_record(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        self.session(id).await
    }

    async fn find_invitation(&self, command: FindInvitation) -> Result<Option<Invitation>, Fault> {
        self.of(Part::Users)?.find_invitation(command).await
    }

    async fn find_api_key(&self, command: FindApiKey) -> Result<Option<OwnedApiKey>, Fault> {
        self.of(Part::Users)?.find_api_key(command).await
    }

    async fn find_onboarding(
        &self,
        command: FindOnboarding,
    ) -> Result<Option<OnboardingSession>, Fault> {
        self.of(Part::Onboarding)?.find_onboarding(command).await
    }

    async fn list_sessions(&self, command: ListSessions) -> Result<Vec<Session>, Fault> {
        self.of(Part::Sessions)?.list_sessions(command).await
    }

    async fn list_users(&self, command: ListUsers) -> Result<Vec<User>, Fault> {
        self.of(Part::Users)?.list_users(command).await
    }

    async fn list_invitations(&self, command: ListInvitations) -> Result<Vec<Invitation>, Fault> {
        self.of(Part::Users)?.list_invitations(command).await
    }

    async fn list_api_keys(&self, command: ListApiKeys) -> Result<Vec<ApiKey>, Fault> {
        self.of(Part::Users)?.list_api_keys(command).await
    }

    async fn list_events(&self, command: ListEvents) -> Result<Vec<EventRecord>, Fault> {
        self.of(Part::Outbox)?.list_events(command).await
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
        self.of(Part::Counters)?.list_idle_attempts(idle_since, after, limit).await
    }

    async fn forget_attempts(
        &self,
        keys: Vec<AttemptKey>,
        idle_since: Timestamp,
    ) -> Result<u64, Fault> {
        self.of(Part::Counters)?.forget_attempts(keys, idle_since).await
    }

    async fn commit(&self, command: Commit) -> Result<Result<(), Conflict>, Fault> {
        for Share { store, batch } in command.split(&self.placement) {
            if let Err(conflict) = self.number(store)?.commit(batch).await? {
                return Ok(Err(conflict));
            }
        }
        Ok(Ok(()))
    }

    async fn take_events(
        &self,
        consumer: String,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<TakenEvents, Fault> {
        self.of(Part::Outbox)?.take_events(consumer, now, until, limit).await
    }

    async fn events_taken(&self, consumer: String, up_to: EventId) -> Result<(), Fault> {
        self.of(Part::Outbox)?.events_taken(consumer, up_to).await
    }

    async fn postpone_events(&self, consumer: String, until: Timestamp) -> Result<(), Fault> {
        self.of(Part::Outbox)?.postpone_events(consumer, until).await
    }

    async fn begin_events(&self, consumer: String) -> Result<(), Fault> {
        self.of(Part::Outbox)?.begin_events(consumer).await
    }

    async fn forget_consumer(&self, consumer: String) -> Result<(), Fault> {
        self.of(Part::Outbox)?.forget_consumer(consumer).await
    }

    async fn take_messages(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<TakenMessage>, Fault> {
        self.of(Part::Outbox)?.take_messages(now, until, limit).await
    }

    async fn messages_sent(&self, messages: Vec<MessageId>) -> Result<(), Fault> {
        self.of(Part::Outbox)?.messages_sent(messages).await
    }

    async fn postpone_message(&self, message: MessageId, until: Timestamp) -> Result<(), Fault> {
        self.of(Part::Outbox)?.postpone_message(message, until).await
    }

    async fn bury_message(
        &self,
        message: MessageId,
        at: Timestamp,
        reason: BurialReason,
    ) -> Result<(), Fault> {
        self.of(Part::Outbox)?.bury_message(message, at, reason).await
    }

    async fn list_messages(&self, command: ListMessages) -> Result<Vec<KeptMessage>, Fault> {
        self.of(Part::Outbox)?.list_messages(command).await
    }

    async fn revive_messages(
        &self,
        which: DeadLetters,
        now: Timestamp,
    ) -> Result<Vec<MessageId>, Fault> {
        self.of(Part::Outbox)?.revive_messages(which, now).await
    }

    /// Asks every store in which a part lives.
    async fn ping(&self) -> Result<(), Fault> {
        for store in self.placement.stores() {
            self.number(store)?.ping().await?;
        }
        Ok(())
    }
}
