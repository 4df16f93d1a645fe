//! What the store commands mean, as plain data: the reference that every adapter is held against.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;

use crate::command::{
    Commit, Conflict, CountAttempt, FindSession, FindSessionWithUser, FindUser, Guard,
    ListSessions, ListUsers, OwnedSession, Sweep, Swept, UserKey, Write,
};
use crate::event::EventRecord;
use crate::model::{
    AttemptCounter, AttemptKey, AttemptVerdict, EmailKey, EventId, Session, SessionId, User, UserId,
};

/// All records, in ordered maps. Each command is one method, and `&mut self` makes each one atomic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    users: BTreeMap<UserId, User>,
    emails: BTreeMap<EmailKey, UserId>,
    sessions: BTreeMap<SessionId, Session>,
    attempts: BTreeMap<AttemptKey, AttemptCounter>,
    outbox: VecDeque<EventRecord>,
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
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let newest_first = self.sessions.range((Bound::Unbounded, end)).rev();
        newest_first
            .map(|(_, session)| session)
            .filter(is_live)
            .take(most(limit))
            .cloned()
            .collect()
    }

    /// The meaning of [`ListUsers`].
    #[must_use]
    pub fn list_users(&self, command: &ListUsers) -> Vec<User> {
        let start = command.after.map_or(Bound::Unbounded, Bound::Excluded);
        let users = self.users.range((start, Bound::Unbounded));
        users.map(|(_, user)| user).take(most(command.limit)).cloned().collect()
    }

    /// The meaning of [`Sweep`].
    pub fn sweep(&mut self, command: &Sweep) -> Swept {
        let limit = most(command.limit);
        let is_over = |session: &&Session| session.expires_at <= command.sessions_expired_by;
        let sessions: Vec<_> =
            self.sessions.values().filter(is_over).take(limit).map(|it| it.id).collect();
        let attempts: Vec<_> = self
            .attempts
            .iter()
            .filter(|(key, counter)| {
                counter.window_end <= command.attempts_idle_since
                    && (counter.consecutive == 0 || !self.is_of_an_account(key))
            })
            .take(limit)
            .map(|(key, _)| key.clone())
            .collect();
        for id in &sessions {
            self.sessions.remove(id);
        }
        for key in &attempts {
            self.attempts.remove(key);
        }
        Swept { sessions: count(&sessions), attempts: count(&attempts) }
    }

    /// The meaning of [`Commit`]: everything is checked before anything is written.
    ///
    /// # Errors
    ///
    /// [`Conflict`] when a guard or a write does not hold; nothing was changed then.
    pub fn commit(&mut self, batch: Commit) -> Result<(), Conflict> {
        let holds = batch.guards.iter().all(|guard| self.holds(guard))
            && batch.writes.iter().all(|write| self.applies(write));
        if !holds {
            return Err(Conflict);
        }
        for write in batch.writes {
            self.apply(write);
        }
        self.outbox.extend(batch.events);
        Ok(())
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

    /// The oldest events that were not delivered yet, at most `limit`.
    #[must_use]
    pub fn undelivered(&self, limit: usize) -> Vec<EventRecord> {
        self.outbox.iter().take(limit).cloned().collect()
    }

    /// Forgets events that were delivered.
    pub fn delivered(&mut self, events: &[EventId]) {
        self.outbox.retain(|record| !events.contains(&record.id));
    }

    fn is_of_an_account(&self, key: &AttemptKey) -> bool {
        key.account().is_some_and(|email| self.emails.contains_key(&email))
    }

    fn holds(&self, guard: &Guard) -> bool {
        match guard {
            Guard::UserEpoch { id, epoch } => {
                self.users.get(id).is_some_and(|user| user.epoch == *epoch)
            }
            Guard::SessionVersion { id, version } => {
                self.sessions.get(id).is_some_and(|session| session.version == *version)
            }
        }
    }

    fn applies(&self, write: &Write) -> bool {
        match write {
            Write::InsertUser(user) => {
                !self.users.contains_key(&user.id) && !self.emails.contains_key(user.email.key())
            }
            Write::ReplaceUser { user, was } => {
                let is_own = |id: &UserId| *id == user.id;
                self.users.get(&user.id).is_some_and(|stored| stored.version == *was)
                    && self.emails.get(user.email.key()).is_none_or(is_own)
            }
            Write::InsertSession(session) => !self.sessions.contains_key(&session.id),
            Write::ReplaceSession { session, was } => {
                self.sessions.get(&session.id).is_some_and(|stored| stored.version == *was)
            }
            Write::ClearAttempts(_) | Write::RefundAttempt { .. } => true,
        }
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::InsertUser(user) | Write::ReplaceUser { user, .. } => {
                if let Some(old) = self.users.get(&user.id) {
                    self.emails.remove(old.email.key());
                }
                self.emails.insert(user.email.key().clone(), user.id);
                self.users.insert(user.id, *user);
            }
            Write::InsertSession(session) | Write::ReplaceSession { session, .. } => {
                self.sessions.insert(session.id, *session);
            }
            Write::ClearAttempts(key) => {
                self.attempts.remove(&key);
            }
            Write::RefundAttempt { key, window } => {
                if let Some(counter) = self.attempts.get_mut(&key) {
                    counter.refund(window);
                }
            }
        }
    }
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn count<T>(removed: &[T]) -> u64 {
    u64::try_from(removed.len()).unwrap_or(u64::MAX)
}
