//! What is over, and goes.

use std::ops::Bound;

use super::{Tables, count, most};
use crate::command::{Sweep, Swept};
use crate::model::{AttemptKey, Session, User};
use crate::time::Timestamp;

impl Tables {
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
        let is_closed =
            |user: &&User| user.closes_at.is_some_and(|at| at <= command.accounts_closed_by);
        let accounts: Vec<_> =
            self.users.values().filter(is_closed).take(limit).map(|it| it.id).collect();
        let expired_by = command.links_expired_by;
        let invitations: Vec<_> = self
            .invitations
            .values()
            .filter(|invitation| invitation.expires_at <= expired_by)
            .take(limit)
            .map(|invitation| invitation.id)
            .collect();
        let api_keys: Vec<_> = self
            .api_keys
            .values()
            .filter(|key| key.expires_at.is_some_and(|end| end <= expired_by))
            .take(limit)
            .map(|key| key.id)
            .collect();
        let onboarding: Vec<_> = self
            .onboarding
            .values()
            .filter(|session| session.expires_at <= expired_by)
            .take(limit)
            .map(|session| session.id)
            .collect();
        let buried_by = command.dead_letters_buried_by;
        let dead_letters: Vec<_> = self
            .messages
            .iter()
            .filter(|kept| kept.burial.is_some_and(|burial| burial.at <= buried_by))
            .take(limit)
            .map(|kept| kept.message.id)
            .collect();
        self.messages_sent(&dead_letters);
        self.sessions.retain(|id, _| !sessions.contains(id));
        self.attempts.retain(|key, _| !attempts.contains(key));
        self.invitations.retain(|id, _| !invitations.contains(id));
        self.onboarding.retain(|id, _| !onboarding.contains(id));
        self.api_keys.retain(|id, _| !api_keys.contains(id));
        for id in &accounts {
            self.remove_user(*id);
        }
        Swept {
            sessions: count(&sessions),
            attempts: count(&attempts),
            accounts: count(&accounts),
            invitations: count(&invitations),
            onboarding: count(&onboarding),
            api_keys: count(&api_keys),
            events: self.events.remove(command.events_kept_since, limit),
            dead_letters: count(&dead_letters),
        }
    }

    /// The keys of the counters whose window ended at or before `idle_since`, in ascending order of their bytes:
    /// those behind `after`, at most `limit`.
    #[must_use]
    pub fn list_idle_attempts(
        &self,
        idle_since: Timestamp,
        after: Option<&AttemptKey>,
        limit: u32,
    ) -> Vec<AttemptKey> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.attempts.range((start, Bound::Unbounded));
        let idle = behind.filter(|(_, counter)| counter.window_end <= idle_since);
        idle.map(|(key, _)| key).take(most(limit)).cloned().collect()
    }

    /// Removes those of the counters whose window ended at or before `idle_since`, whatever they remember. Gives how
    /// many it were.
    pub fn forget_attempts(&mut self, keys: &[AttemptKey], idle_since: Timestamp) -> u64 {
        let before = self.attempts.len();
        self.attempts.retain(|key, counter| counter.window_end > idle_since || !keys.contains(key));
        u64::try_from(before.saturating_sub(self.attempts.len())).unwrap_or(u64::MAX)
    }

    fn is_of_an_account(&self, key: &AttemptKey) -> bool {
        key.account().is_some_and(|email| self.emails.contains_key(&email))
    }
}
