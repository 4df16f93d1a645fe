//! For how long Redis keeps what nobody removes.
//!
//! A backstop only: the sweep removes records by their expiry and by the clock of whoever sweeps. Redis' clock
//! is another one, so only spans go there, counted from the write, and long enough that no record goes
//! before its time however far apart the clocks are.

use testudo::model::{ApiKey, Invitation, OnboardingSession, Session};
use testudo::{Duration, Timestamp};

/// How much longer than it means anything a record is kept.
const SLACK: Duration = Duration::from_days(7);

/// How long a counter is kept behind the end of its window. It may remember failures in a row at an account,
/// which count towards its hard stop in whatever time (NIST SP 800-63B-4 3.2.2): so an attacker would have to
/// let an account alone for that long to begin anew, with fewer than 100 guesses each time. One that has come to its
/// hard stop is kept until it is cleared or swept: guesses that are refused would not renew it.
pub(crate) const COUNTER: Duration = Duration::from_days(400);

/// A span from a write on, in milliseconds; `None` for ever.
pub(crate) type Kept = Option<u64>;

/// No write is of a moment before the last refresh. One that is later, as when a session is ended, keeps it for
/// longer than need be.
pub(crate) fn session(session: &Session) -> Kept {
    between(session.refreshed_at, session.expires_at)
}

pub(crate) fn onboarding(session: &OnboardingSession) -> Kept {
    between(session.created_at, session.expires_at)
}

pub(crate) fn invitation(invitation: &Invitation) -> Kept {
    between(invitation.created_at, invitation.expires_at)
}

/// A key without an end stays until it is revoked.
pub(crate) fn api_key(key: &ApiKey) -> Kept {
    between(key.created_at, key.expires_at?)
}

fn between(from: Timestamp, to: Timestamp) -> Kept {
    Some(to.since(from).as_millis().saturating_add(SLACK.as_millis()))
}
