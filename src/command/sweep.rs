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

    /// How many of the kind of which most went.
    #[must_use]
    pub fn most_of_a_kind(self) -> u64 {
        let Self {
            sessions,
            attempts,
            accounts,
            invitations,
            onboarding,
            api_keys,
            events,
            dead_letters,
        } = self;
        let kinds =
            [sessions, attempts, accounts, invitations, onboarding, api_keys, events, dead_letters];
        kinds.into_iter().max().unwrap_or_default()
    }
}
