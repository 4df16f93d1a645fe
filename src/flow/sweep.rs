//! Sweeping: removing what has no meaning any more, a batch at a time.

use crate::command::{Sweep, Swept};
use crate::message::Burial;
use crate::policy::Policy;
use crate::step::{Step, ask};
use crate::time::{Duration, Timestamp};

/// How much longer than needed records stay: more than the clocks of any two nodes may differ.
const MARGIN: Duration = Duration::from_minutes(60);

/// Removes sessions that are over, counters that count nothing any more, accounts whose owners closed them,
/// invitations, onboarding sessions and API keys that have expired, events older than
/// [`Policy::audit_retention`](crate::Policy::audit_retention), and dead letters that were kept for
/// [`Burial::KEPT`]: at most `batch` of each kind at a time, and at least one, until none is left.
///
/// Run it every now and then. What it removes would be refused just the same if it were there; only that tokens of
/// a session that is gone are [`InvalidToken`](crate::Refusal::InvalidToken) where they were
/// [`RevokedToken`](crate::Refusal::RevokedToken) or [`ExpiredToken`](crate::Refusal::ExpiredToken)
/// before.
pub fn sweep(batch: u32, policy: &Policy, now: Timestamp) -> Step<Swept> {
    let before =
        |span: Duration| Timestamp::from_millis(now.as_millis().saturating_sub(span.as_millis()));
    let past = before(MARGIN);
    let command = Sweep {
        sessions_expired_by: past,
        attempts_idle_since: past,
        accounts_closed_by: past,
        links_expired_by: past,
        events_kept_since: before(policy.audit_retention),
        dead_letters_buried_by: before(Burial::KEPT),
        limit: batch.max(1),
    };
    batch_by_batch(command, Swept::default())
}

fn batch_by_batch(command: Sweep, before: Swept) -> Step<Swept> {
    ask(command, move |swept: Swept| {
        let total = before.and(swept);
        match command.rest(swept) {
            Some(rest) => batch_by_batch(rest, total),
            None => Step::Done(total),
        }
    })
}
