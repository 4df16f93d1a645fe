//! Sweeping away what has no meaning any more.

use crate::time::Timestamp;

/// Removes records that no flow will ask for again, at most `limit` of each kind.
///
/// * **Sessions** whose `expires_at` is at or before `sessions_expired_by`, however they ended.
/// * **Attempt counters** whose window ended at or before `attempts_idle_since`, unless they
///   remember failures in a row at the address of an account that exists
///   ([`AttemptKey::account`](crate::model::AttemptKey::account)): those count towards its
///   hard stop, in whatever time (NIST SP 800-63B-4 3.2.2). What strangers tried at addresses that
///   belong to nobody is forgotten, so that it fills no table.
/// * **Accounts** whose `closes_at` is at or before `accounts_closed_by`, with their sessions, their API
///   keys and the invitations that they made.
/// * **Invitations** whose `expires_at` is at or before `links_expired_by`.
/// * **Onboarding sessions** whose `expires_at` is at or before `links_expired_by`, completed ones too.
/// * **API keys** whose `expires_at` is at or before `links_expired_by`.
/// * **Events** that happened at or before `events_kept_since`, also such that a consumer has not taken.
/// * **Dead letters** that were given up at or before `dead_letters_buried_by`. What waits stays.
///
/// The reply says how many went. Fewer than `limit` of a kind means that none are left of it. It is
/// carried out beside everything else: each removal looks once more at what it removes, so that a
/// counter that was counted under meanwhile stays.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// Sessions that were over by then are removed.
    pub sessions_expired_by: Timestamp,
    /// Counters that nothing was counted under since then are removed.
    pub attempts_idle_since: Timestamp,
    /// Accounts that were to be removed by then are removed.
    pub accounts_closed_by: Timestamp,
    /// Invitations, onboarding sessions and API keys that had expired by then are removed.
    pub links_expired_by: Timestamp,
    /// Events that happened by then are removed.
    pub events_kept_since: Timestamp,
    /// Dead letters that had been given up by then are removed.
    pub dead_letters_buried_by: Timestamp,
    /// How many of each kind to remove at most.
    pub limit: u32,
}

impl Sweep {
    /// What is left to do after a sweep that removed so many: only kinds of which the limit went may have more.
    /// Nothing if there is none.
    ///
    /// Nothing happened by the moment 0, so that kinds that are done cost next to nothing.
    pub(crate) fn rest(self, swept: Swept) -> Option<Self> {
        let limit = u64::from(self.limit);
        let by = |count: u64, moment| if count >= limit { moment } else { Self::NONE };
        let links = swept.invitations.max(swept.onboarding).max(swept.api_keys);
        let most = [
            swept.sessions,
            swept.attempts,
            swept.accounts,
            links,
            swept.events,
            swept.dead_letters,
        ];
        most.iter().any(|count| *count >= limit).then(|| Self {
            sessions_expired_by: by(swept.sessions, self.sessions_expired_by),
            attempts_idle_since: by(swept.attempts, self.attempts_idle_since),
            accounts_closed_by: by(swept.accounts, self.accounts_closed_by),
            links_expired_by: by(links, self.links_expired_by),
            events_kept_since: by(swept.events, self.events_kept_since),
            dead_letters_buried_by: by(swept.dead_letters, self.dead_letters_buried_by),
            limit: self.limit,
        })
    }

    const NONE: Timestamp = Timestamp::from_millis(0);
}

/// What a [`Sweep`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many sessions.
    pub sessions: u64,
    /// How many attempt counters.
    pub attempts: u64,
    /// How many accounts. What went with an account is counted nowhere.
    pub accounts: u64,
    /// How many invitations.
    pub invitations: u64,
    /// How many onboarding sessions.
    pub onboarding: u64,
    /// How many API keys.
    pub api_keys: u64,
    /// How many events.
    pub events: u64,
    /// How many dead letters.
    pub dead_letters: u64,
}

impl Swept {
    /// The sum of two.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            sessions: self.sessions.saturating_add(other.sessions),
            attempts: self.attempts.saturating_add(other.attempts),
            accounts: self.accounts.saturating_add(other.accounts),
            invitations: self.invitations.saturating_add(other.invitations),
            onboarding: self.onboarding.saturating_add(other.onboarding),
            api_keys: self.api_keys.saturating_add(other.api_keys),
            events: self.events.saturating_add(other.events),
            dead_letters: self.dead_letters.saturating_add(other.dead_letters),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Sweep = Sweep {
        sessions_expired_by: Timestamp::from_millis(1),
        attempts_idle_since: Timestamp::from_millis(2),
        accounts_closed_by: Timestamp::from_millis(3),
        links_expired_by: Timestamp::from_millis(4),
        events_kept_since: Timestamp::from_millis(5),
        dead_letters_buried_by: Timestamp::from_millis(6),
        limit: 10,
    };

    fn moments(sweep: Sweep) -> [u64; 6] {
        [
            sweep.sessions_expired_by,
            sweep.attempts_idle_since,
            sweep.accounts_closed_by,
            sweep.links_expired_by,
            sweep.events_kept_since,
            sweep.dead_letters_buried_by,
        ]
        .map(Timestamp::as_millis)
    }

    #[test]
    fn only_kinds_of_which_the_limit_went_are_swept_again() {
        let rest = |change: fn(&mut Swept)| {
            let mut swept = Swept { sessions: 9, attempts: 9, ..Swept::default() };
            change(&mut swept);
            ALL.rest(swept).map(moments)
        };
        assert_eq!(rest(|_| {}), None);
        assert_eq!(rest(|swept| swept.sessions = 10), Some([1, 0, 0, 0, 0, 0]));
        assert_eq!(rest(|swept| swept.attempts = 10), Some([0, 2, 0, 0, 0, 0]));
        assert_eq!(rest(|swept| swept.accounts = 11), Some([0, 0, 3, 0, 0, 0]));
        assert_eq!(rest(|swept| swept.invitations = 10), Some([0, 0, 0, 4, 0, 0]));
        assert_eq!(rest(|swept| swept.onboarding = 10), Some([0, 0, 0, 4, 0, 0]));
        assert_eq!(rest(|swept| swept.api_keys = 10), Some([0, 0, 0, 4, 0, 0]));
        assert_eq!(rest(|swept| swept.events = 10), Some([0, 0, 0, 0, 5, 0]));
        assert_eq!(rest(|swept| swept.dead_letters = 10), Some([0, 0, 0, 0, 0, 6]));
    }
}
