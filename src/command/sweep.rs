//! Sweeping away what has no meaning any more.

use crate::time::Timestamp;

/// Removes records that no flow will ask for again, at most `limit` of each kind.
///
/// * **Sessions** whose `expires_at` is at or before `sessions_expired_by`, however they ended.
/// * **Attempt counters** whose window ended at or before `attempts_idle_since`, unless they
///   remember failures in a row at the address of an account that exists: those count towards its
///   hard stop, in whatever time (NIST SP 800-63B-4 3.2.2). What strangers tried at addresses that
///   belong to nobody is forgotten, so that it fills no table.
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
}
