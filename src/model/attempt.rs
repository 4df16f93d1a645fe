//! Attempt counters: how many guesses at a secret are allowed.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{EmailKey, UserId};
use crate::time::{Duration, Timestamp};

/// What a counter counts. Built only from canonical identifiers and address prefixes, so that no
/// spelling of the same thing buys a second counter. Clones share it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey(Arc<str>);

impl AttemptKey {
    /// What keys about accounts begin with; the canonical address follows. Their failures in a row are kept
    /// as long as the account is.
    pub const OF_ACCOUNTS: [&str; 3] = [Self::LOGIN, Self::TOTP, Self::RECOVERY];

    const LOGIN: &str = "login:account:";
    const TOTP: &str = "totp:account:";
    const RECOVERY: &str = "recovery:account:";

    /// The most bytes of a name that count in [`AttemptKey::step`].
    pub const MAX_STEP: usize = 32;

    /// The most characters of a name that count in [`AttemptKey::named_network`].
    pub const MAX_NAME: usize = 50;

    /// Password guesses at one account, whether or not it exists.
    #[must_use]
    pub fn login_account(email: &EmailKey) -> Self {
        Self::of_account(Self::LOGIN, email)
    }

    /// Guesses at the codes of one account's authenticator app.
    #[must_use]
    pub fn totp(email: &EmailKey) -> Self {
        Self::of_account(Self::TOTP, email)
    }

    /// Codes that somebody enters to bind their account to another app: guesses at another seed than those that
    /// sign in.
    #[must_use]
    pub fn totp_enrolment(user: UserId) -> Self {
        Self(format!("totp:enrolment:{user}").into())
    }

    /// Guesses at the recovery codes of one account.
    #[must_use]
    pub fn recovery_code(email: &EmailKey) -> Self {
        Self::of_account(Self::RECOVERY, email)
    }

    fn of_account(prefix: &str, email: &EmailKey) -> Self {
        Self(format!("{prefix}{email}").into())
    }

    /// Guesses at the codes that prove one address, in whatever onboarding session and however often another
    /// one was sent.
    #[must_use]
    pub fn email_code(email: &EmailKey) -> Self {
        Self(format!("code:address:{email}").into())
    }

    /// Guesses at the secret of an onboarding step of the application's own, for one address. Of the step's name the
    /// first [`AttemptKey::MAX_STEP`] bytes count.
    #[must_use]
    pub fn step(name: &str, email: &EmailKey) -> Self {
        let end = name.floor_char_boundary(Self::MAX_STEP);
        // An address may hold what a name does, so the name comes first and has no colon.
        let name = name.get(..end).unwrap_or_default().replace(':', "-");
        Self(format!("step:{name}:{email}").into())
    }

    /// Onboarding sessions started, and passwords hashed in them, from one network; a network as in
    /// [`AttemptKey::login_network`].
    #[must_use]
    pub fn onboarding_network(ip: IpAddr) -> Self {
        Self(format!("onboarding:network:{}", network(ip)).into())
    }

    /// Password guesses from one network: an IPv4 address, or an IPv6 /64, which is what one
    /// subscriber has (ASVS 5.0 15.3.4).
    #[must_use]
    pub fn login_network(ip: IpAddr) -> Self {
        Self(format!("login:network:{}", network(ip)).into())
    }

    /// Requests for a link that resets the password of one account, whether or not it exists.
    #[must_use]
    pub fn password_reset(email: &EmailKey) -> Self {
        Self(format!("reset:account:{email}").into())
    }

    /// Requests for a link that proves an address, to that address.
    #[must_use]
    pub fn email_proof(email: &EmailKey) -> Self {
        Self(format!("proof:address:{email}").into())
    }

    /// Requests for mail from one network without a session; a network as in
    /// [`AttemptKey::login_network`].
    #[must_use]
    pub fn mail_network(ip: IpAddr) -> Self {
        Self(format!("mail:network:{}", network(ip)).into())
    }

    /// Requests of one user for mail to addresses of their choice, whichever those are.
    #[must_use]
    pub fn mail_user(user: UserId) -> Self {
        Self(format!("mail:user:{user}").into())
    }

    /// Requests from one network for something of the application's own, which `name` names; a network as
    /// in [`AttemptKey::login_network`].
    #[must_use]
    pub fn named_network(name: &str, ip: IpAddr) -> Self {
        // The name comes last: whatever stands in it, it is not taken for a part of an address.
        let name: String = name.chars().take(Self::MAX_NAME).collect();
        Self(format!("limit:network:{}/{name}", network(ip)).into())
    }

    /// Notices of one user's that a new device signed in.
    #[must_use]
    pub fn device_notice(user: UserId) -> Self {
        Self(format!("notice:device:{user}").into())
    }

    /// Service tokens from one network that are not right; a network as in [`AttemptKey::login_network`], and
    /// one for all clients whose address is not known.
    #[must_use]
    pub fn service_network(ip: Option<IpAddr>) -> Self {
        let network = ip.map_or_else(|| "unknown".to_owned(), |ip| network(ip).to_string());
        Self(format!("service:network:{network}").into())
    }

    /// Refusals of one kind to somebody who holds what is genuine, and so may make as many as they like: their
    /// events are counted.
    pub(crate) fn refused(kind: &str, subject: &impl fmt::Display) -> Self {
        Self(format!("refused:{kind}:{subject}").into())
    }

    /// A key from its text, as it came from [`AttemptKey::as_str`]: for stores that list the keys of their counters.
    #[must_use]
    pub fn from_stored(key: String) -> Self {
        Self(key.into())
    }

    /// The address whose account the counter is about, if it is about one.
    #[must_use]
    pub fn account(&self) -> Option<EmailKey> {
        let email = Self::OF_ACCOUNTS.iter().find_map(|prefix| self.0.strip_prefix(prefix));
        email.map(|email| EmailKey::from_stored(email.to_owned()))
    }

    /// The key as a text, at most 300 bytes long; compared byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An IPv4 address, or an IPv6 /64.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}

impl fmt::Debug for AttemptKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "AttemptKey({})", self.0)
    }
}

/// How many attempts are allowed, and for how long they are held against one.
///
/// Serialised with spans in seconds; `lock` and `hard_stop` may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptLimit {
    /// Attempts per window; at least 1.
    pub attempts: u32,
    /// How long a window lasts from its first attempt.
    pub window: Duration,
    /// How long nothing more is allowed, counted from the attempt that used up the window; zero for
    /// "until the window ends".
    #[serde(default)]
    pub lock: Duration,
    /// After so many attempts in a row without a success, in whatever time, nothing is allowed until
    /// the counter is cleared (NIST SP 800-63B-4 3.2.2: at most 100).
    #[serde(default)]
    pub hard_stop: Option<u32>,
}

/// When a counter's window ends: it names the window.
pub type WindowEnd = Timestamp;

/// One counter. A store keeps these three numbers per key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptCounter {
    /// Attempts in the window.
    pub count: u32,
    /// When the window, or the lock that followed it, ends.
    pub window_end: WindowEnd,
    /// Attempts since the last success, over all windows.
    pub consecutive: u32,
}

/// Whether an attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptVerdict {
    /// It was counted and may be made.
    Allowed {
        /// The window in which it was counted; needed to take it back.
        window: WindowEnd,
        /// Whether it was the last one: the next is refused.
        is_last: bool,
    },
    /// Too many attempts. It was not counted.
    Locked {
        /// From when on attempts are allowed again.
        until: Timestamp,
    },
    /// The hard stop was reached: nothing is allowed until the counter is cleared.
    Stopped,
}

impl AttemptCounter {
    /// The counter of a key that nothing was counted under yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { count: 0, window_end: Timestamp::from_millis(0), consecutive: 0 }
    }

    /// Counts one attempt if it is allowed, and says whether it is. This is the meaning of
    /// [`CountAttempt`](crate::command::CountAttempt).
    ///
    /// A refused attempt changes nothing: asking again neither prolongs a lock nor brings the hard
    /// stop closer, so that a lock set off on purpose ends when it said it would.
    pub fn reserve(&mut self, limit: &AttemptLimit, now: Timestamp) -> AttemptVerdict {
        if limit.hard_stop.is_some_and(|stop| self.consecutive >= stop) {
            return AttemptVerdict::Stopped;
        }
        let (count, window_end) = if now < self.window_end {
            (self.count, self.window_end)
        } else {
            (0, now + limit.window)
        };
        if count >= limit.attempts {
            return AttemptVerdict::Locked { until: window_end };
        }
        let is_last = count.saturating_add(1) >= limit.attempts;
        let window_end = if is_last { window_end.max(now + limit.lock) } else { window_end };
        *self = Self {
            count: count.saturating_add(1),
            window_end,
            consecutive: self.consecutive.saturating_add(1),
        };
        AttemptVerdict::Allowed { window: window_end, is_last }
    }

    /// Takes one attempt of the given window back. This is the meaning of
    /// [`Write::RefundAttempt`](crate::command::Write::RefundAttempt).
    pub fn refund(&mut self, window: WindowEnd) {
        if self.window_end == window {
            self.count = self.count.saturating_sub(1);
            self.consecutive = self.consecutive.saturating_sub(1);
        }
    }
}

impl Default for AttemptCounter {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: AttemptLimit = AttemptLimit {
        attempts: 5,
        window: Duration::from_secs(300),
        lock: Duration::from_secs(600),
        hard_stop: Some(12),
    };

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + secs * 1000)
    }

    fn allowed(counter: &mut AttemptCounter, now: Timestamp) -> bool {
        matches!(counter.reserve(&LIMIT, now), AttemptVerdict::Allowed { .. })
    }

    #[test]
    fn the_sixth_attempt_waits_for_the_lock_that_the_fifth_set() {
        let mut counter = AttemptCounter::new();
        assert!((0..5).all(|second| allowed(&mut counter, at(second))));
        let locked = AttemptVerdict::Locked { until: at(604) };
        assert_eq!(counter.reserve(&LIMIT, at(5)), locked);
        assert_eq!(counter.reserve(&LIMIT, at(603)), locked, "asking again prolongs nothing");
        assert!(allowed(&mut counter, at(604)));
    }

    #[test]
    fn a_window_forgets_its_attempts_when_it_ends() {
        let mut counter = AttemptCounter::new();
        assert!((0..4).all(|_| allowed(&mut counter, at(0))));
        assert!((0..4).all(|_| allowed(&mut counter, at(300))));
    }

    #[test]
    fn the_hard_stop_outlasts_every_window_and_counts_no_refused_attempt() {
        let mut counter = AttemptCounter::new();
        let made = (0..100u64).filter(|hour| allowed(&mut counter, at(hour * 3600))).count();
        assert_eq!(made, 12);
        assert_eq!(counter.reserve(&LIMIT, at(1_000_000)), AttemptVerdict::Stopped);
    }

    #[test]
    fn a_refund_gives_back_one_attempt_of_its_own_window_only() {
        let mut counter = AttemptCounter::new();
        let AttemptVerdict::Allowed { window, .. } = counter.reserve(&LIMIT, at(0)) else {
            panic!()
        };
        counter.refund(window);
        assert_eq!((counter.count, counter.consecutive), (0, 0));
        counter.refund(window);
        assert_eq!(counter.count, 0, "never below zero");
        assert!(allowed(&mut counter, at(301)));
        counter.refund(window);
        assert_eq!(counter.count, 1, "that window is over");
    }

    #[test]
    fn a_clock_set_back_allows_nothing_more() {
        let mut counter = AttemptCounter::new();
        assert!((0..5).all(|_| allowed(&mut counter, at(5000))));
        assert!(!allowed(&mut counter, at(0)));
    }

    #[test]
    fn an_ipv6_subscriber_has_one_counter_and_an_ipv4_client_one_in_both_forms() {
        let key = |ip: &str| AttemptKey::login_network(ip.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    #[test]
    fn no_two_names_and_networks_share_a_counter() {
        let key = |name: &str, ip: &str| AttemptKey::named_network(name, ip.parse().unwrap());
        assert_eq!(key("search", "2001:db8::1"), key("search", "2001:db8::2"));
        assert_ne!(key("search", "192.0.2.1"), key("export", "192.0.2.1"));
        assert_ne!(key("1:2::/", "2001:db8::"), key("", "2001:db8::"));
        assert!(key(&"é".repeat(1000), "2001:db8:1:2:3:4:5:6").as_str().len() <= 300);
    }
}
