//! What the store commands mean, as plain data: the reference that every adapter is held against.

mod committing;
mod event_log;
mod sweeping;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::command::{
    CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSession, FindSessionWithUser,
    FindUser, FindUserWithSession, ListApiKeys, ListEvents, ListInvitations, ListSessions,
    ListUsers, OwnedApiKey, OwnedSession, UserKey,
};
use crate::event::{EventRecord, TakenEvents};
use crate::message::{
    Burial, BurialReason, DeadLetters, KeptMessage, ListMessages, SealedMessage, TakenMessage,
};
use crate::model::{
    ApiKey, ApiKeyId, AttemptCounter, AttemptKey, AttemptVerdict, EmailKey, EventId, Invitation,
    InvitationId, MessageId, OnboardingId, OnboardingSession, Session, SessionId, User, UserId,
};
use crate::time::Timestamp;

use self::event_log::EventLog;

/// All records, in ordered maps. Each command is one method, and `&mut self` makes each one atomic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    users: BTreeMap<UserId, User>,
    emails: BTreeMap<EmailKey, UserId>,
    sessions: BTreeMap<SessionId, Session>,
    attempts: BTreeMap<AttemptKey, AttemptCounter>,
    invitations: BTreeMap<InvitationId, Invitation>,
    onboarding: BTreeMap<OnboardingId, OnboardingSession>,
    api_keys: BTreeMap<ApiKeyId, ApiKey>,
    events: EventLog,
    messages: VecDeque<KeptMessage>,
}

impl Tables {
    /// No records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The meaning of [`CountAttempt`].
    pub fn count_attempt(&mut self, command: &CountAttempt) -> AttemptVerdict {
        let counter = self.attempts.entry(command.key.clone()).or_default();
        counter.reserve(&command.limit, command.now)
    }

    /// The meaning of [`FindUser`].
    #[must_use]
    pub fn find_user(&self, command: &FindUser) -> Option<User> {
        let id = match &command.key {
            UserKey::Id(id) => id,
            UserKey::Email(email) => self.emails.get(email)?,
        };
        self.users.get(id).cloned()
    }

    /// The meaning of [`FindSession`].
    #[must_use]
    pub fn find_session(&self, command: &FindSession) -> Option<OwnedSession> {
        let session = self.sessions.get(&command.id)?;
        let standing = self.users.get(&session.user)?.standing();
        Some(OwnedSession { session: session.clone(), standing })
    }

    /// The meaning of [`FindSessionWithUser`].
    #[must_use]
    pub fn find_session_with_user(&self, command: &FindSessionWithUser) -> Option<(Session, User)> {
        let session = self.sessions.get(&command.id)?;
        let user = self.users.get(&session.user)?;
        Some((session.clone(), user.clone()))
    }

    /// The meaning of [`FindUserWithSession`].
    #[must_use]
    pub fn find_user_with_session(
        &self,
        command: &FindUserWithSession,
    ) -> Option<(User, Option<Session>)> {
        let user = self.users.get(&command.user)?;
        let session = self.sessions.get(&command.session);
        Some((user.clone(), session.filter(|session| session.user == user.id).cloned()))
    }

    /// A session, whosever it is and whether or not its owner is there: what a store that holds no users is asked.
    #[must_use]
    pub fn find_session_record(&self, id: SessionId) -> Option<Session> {
        self.sessions.get(&id).cloned()
    }

    /// The meaning of [`FindInvitation`].
    #[must_use]
    pub fn find_invitation(&self, command: &FindInvitation) -> Option<Invitation> {
        self.invitations.get(&command.id).cloned()
    }

    /// The meaning of [`FindOnboarding`].
    #[must_use]
    pub fn find_onboarding(&self, command: &FindOnboarding) -> Option<OnboardingSession> {
        self.onboarding.get(&command.id).cloned()
    }

    /// The meaning of [`FindApiKey`].
    #[must_use]
    pub fn find_api_key(&self, command: &FindApiKey) -> Option<OwnedApiKey> {
        let key = self.api_keys.get(&command.id)?;
        let standing = self.users.get(&key.user)?.standing();
        Some(OwnedApiKey { key: key.clone(), standing })
    }

    /// The meaning of [`ListInvitations`].
    #[must_use]
    pub fn list_invitations(&self, command: &ListInvitations) -> Vec<Invitation> {
        let ListInvitations { invited_by, before, limit } = *command;
        newest_first(&self.invitations, before)
            .filter(|invitation| invitation.invited_by == invited_by)
            .take(most(limit))
            .cloned()
            .collect()
    }

    /// The meaning of [`ListApiKeys`].
    #[must_use]
    pub fn list_api_keys(&self, command: &ListApiKeys) -> Vec<ApiKey> {
        let ListApiKeys { user, before, limit } = *command;
        newest_first(&self.api_keys, before)
            .filter(|key| key.user == user && key.revoked_at.is_none())
            .take(most(limit))
            .cloned()
            .collect()
    }

    /// The meaning of [`ListSessions`].
    #[must_use]
    pub fn list_sessions(&self, command: &ListSessions) -> Vec<Session> {
        let ListSessions { user, epoch, now, before, limit } = *command;
        let is_live = |session: &&Session| {
            session.user == user
                && session.epoch == epoch
                && session.ended.is_none()
                && now < session.refresh_expires_at()
        };
        newest_first(&self.sessions, before).filter(is_live).take(most(limit)).cloned().collect()
    }

    /// The meaning of [`ListUsers`].
    #[must_use]
    pub fn list_users(&self, command: &ListUsers) -> Vec<User> {
        let start = command.after.map_or(Bound::Unbounded, Bound::Excluded);
        let users = self.users.range((start, Bound::Unbounded));
        users.map(|(_, user)| user).take(most(command.limit)).cloned().collect()
    }

    /// All users, by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// All sessions, by id.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    /// All attempt counters.
    pub fn attempts(&self) -> impl Iterator<Item = (&AttemptKey, &AttemptCounter)> {
        self.attempts.iter()
    }

    /// All events that are kept, in the order of their commits.
    #[must_use]
    pub fn events(&self) -> Vec<EventRecord> {
        self.events.all().cloned().collect()
    }

    /// The meaning of [`ListEvents`].
    #[must_use]
    pub fn list_events(&self, command: &ListEvents) -> Vec<EventRecord> {
        self.events.list(command)
    }

    /// Takes the oldest events behind a consumer's cursor, at most `limit`, in the order of their commits.
    /// The consumer is given none before `until` then; and none now, if it is told to wait for longer than
    /// `now`. A consumer that is new begins with the oldest event that is kept.
    pub fn take_events(
        &mut self,
        consumer: &str,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> TakenEvents {
        self.events.take(consumer, now, until, limit)
    }

    /// Moves a consumer's cursor behind an event, and lets it be given the next. Nothing changes when the
    /// cursor is there already, and when there is no such event or consumer.
    pub fn events_taken(&mut self, consumer: &str, up_to: EventId) {
        self.events.taken(consumer, up_to);
    }

    /// Lets a consumer be given events from `until` on.
    pub fn postpone_events(&mut self, consumer: &str, until: Timestamp) {
        self.events.postpone(consumer, until);
    }

    /// Puts the cursor of a consumer that is new behind the newest event.
    pub fn begin_events(&mut self, consumer: &str) {
        self.events.begin(consumer);
    }

    /// Forgets a consumer's cursor.
    pub fn forget_consumer(&mut self, consumer: &str) {
        self.events.forget(consumer);
    }

    /// Takes the oldest messages whose time has come, at most `limit`, in the order of their commits: they
    /// are not taken again before `until`.
    pub fn take_messages(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Vec<TakenMessage> {
        let is_due = |kept: &&mut KeptMessage| kept.burial.is_none() && kept.next_try <= now;
        let due = self.messages.iter_mut().filter(is_due);
        due.take(limit).map(|kept| take(kept, until)).collect()
    }

    /// Forgets messages that were sent.
    pub fn messages_sent(&mut self, messages: &[MessageId]) {
        self.messages.retain(|waiting| !messages.contains(&waiting.message.id));
    }

    /// Lets a message that was not sent wait until `until`.
    pub fn postpone_message(&mut self, message: MessageId, until: Timestamp) {
        let found = self.messages.iter_mut().find(|waiting| waiting.message.id == message);
        if let Some(waiting) = found {
            waiting.next_try = until;
        }
    }

    /// Gives a message up that waits.
    pub fn bury_message(&mut self, message: MessageId, at: Timestamp, reason: BurialReason) {
        let mut waiting = self.messages.iter_mut().filter(|kept| kept.burial.is_none());
        if let Some(kept) = waiting.find(|kept| kept.message.id == message) {
            kept.burial = Some(Burial { at, reason });
        }
    }

    /// A page of messages, in the order of their ids.
    #[must_use]
    pub fn list_messages(&self, command: &ListMessages) -> Vec<KeptMessage> {
        let is_wanted = |kept: &&KeptMessage| {
            command.state.is_none_or(|state| state == kept.state())
                && command.after.is_none_or(|after| kept.message.id > after)
        };
        let mut wanted: Vec<_> = self.messages.iter().filter(is_wanted).cloned().collect();
        wanted.sort_by_key(|kept| kept.message.id);
        wanted.truncate(most(command.limit));
        wanted
    }

    /// Lets dead letters wait again as if they were new and due now; gives their ids.
    pub fn revive_messages(&mut self, which: &DeadLetters, now: Timestamp) -> Vec<MessageId> {
        let dead = self.messages.iter_mut().filter(|kept| which.contain(kept));
        dead.map(|kept| {
            *kept = KeptMessage { next_try: now, ..waiting(kept.message.clone()) };
            kept.message.id
        })
        .collect()
    }

    /// All invitations, by id.
    pub fn invitations(&self) -> impl Iterator<Item = &Invitation> {
        self.invitations.values()
    }

    /// All onboarding sessions, by id.
    pub fn onboarding(&self) -> impl Iterator<Item = &OnboardingSession> {
        self.onboarding.values()
    }

    /// All API keys, by id.
    pub fn api_keys(&self) -> impl Iterator<Item = &ApiKey> {
        self.api_keys.values()
    }

    /// All messages that wait to be sent, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &SealedMessage> {
        self.messages.iter().filter(|kept| kept.burial.is_none()).map(|kept| &kept.message)
    }
}

/// A message as it begins.
const fn waiting(message: SealedMessage) -> KeptMessage {
    let next_try = message.created_at;
    KeptMessage { message, attempts: 0, next_try, burial: None }
}

fn take(kept: &mut KeptMessage, until: Timestamp) -> TakenMessage {
    kept.attempts = kept.attempts.saturating_add(1);
    kept.next_try = until;
    TakenMessage { message: kept.message.clone(), attempts: kept.attempts }
}

fn newest_first<K: Ord, V>(
    records: &BTreeMap<K, V>,
    before: Option<K>,
) -> impl Iterator<Item = &V> {
    let end = before.map_or(Bound::Unbounded, Bound::Excluded);
    records.range((Bound::Unbounded, end)).rev().map(|(_, record)| record)
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn count<T>(removed: &[T]) -> u64 {
    u64::try_from(removed.len()).unwrap_or(u64::MAX)
}
