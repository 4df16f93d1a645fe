//! Sweeping several stores: each of its own parts; counters by the accounts that another store knows.

use testudo::Timestamp;
use testudo::command::{FindUser, Part, Sweep, Swept, UserKey};
use testudo::model::AttemptKey;

use super::Split;
use crate::{Fault, Store as _};

/// The most idle counters that a sweep looks at for each that it may remove: those of accounts stay, and the next
/// sweep goes on where this one was.
const LOOKED_AT: u64 = 4;

/// Removes from each store what belongs to the parts that live there, up to the limit of each kind.
pub(super) async fn sweep(split: &Split, command: Sweep) -> Result<Swept, Fault> {
    let mut swept = Swept::default();
    for number in split.placement.stores() {
        let here = |part| split.placement.store_of(part) == number;
        let store = split.number(number)?;
        swept = swept.and(store.sweep(of_parts(command, here)).await?);
    }
    if split.placement.store_of(Part::Counters) != split.placement.store_of(Part::Users) {
        swept.attempts = attempts(split, command.attempts_idle_since, command.limit).await?;
    }
    Ok(swept)
}

/// The sweep of a store: of the parts that live there. What else it may hold is not looked at, and not removed.
///
/// Counters are swept by a store that knows the accounts, as it must keep some of theirs.
fn of_parts(command: Sweep, here: impl Fn(Part) -> bool) -> Sweep {
    let by = |is_here: bool, moment| if is_here { moment } else { Timestamp::from_millis(0) };
    let (users, outbox) = (here(Part::Users), here(Part::Outbox));
    Sweep {
        sessions_expired_by: by(here(Part::Sessions), command.sessions_expired_by),
        attempts_idle_since: by(here(Part::Counters) && users, command.attempts_idle_since),
        accounts_closed_by: by(users, command.accounts_closed_by),
        links_expired_by: by(users || here(Part::Onboarding), command.links_expired_by),
        events_kept_since: by(outbox, command.events_kept_since),
        dead_letters_buried_by: by(outbox, command.dead_letters_buried_by),
        limit: command.limit,
    }
}

/// Removes idle counters that are about no account, at most `limit`. It goes around once, unless most of them stay.
async fn attempts(split: &Split, idle_since: Timestamp, limit: u32) -> Result<u64, Fault> {
    let counters = split.of(Part::Counters)?;
    let limit_of_all = u64::from(limit);
    let (mut removed, mut looked_at) = (0_u64, 0_u64);
    let mut after = split.looked_through().clone();
    let mut has_begun_anew = after.is_none();
    while removed < limit_of_all && looked_at < limit_of_all.saturating_mul(LOOKED_AT) {
        let page = counters.list_idle_attempts(idle_since, after, limit).await?;
        looked_at = looked_at.saturating_add(count(&page));
        let is_end = count(&page) < limit_of_all;
        let end = page.last().filter(|_| !is_end).cloned();
        let mut strangers = of_nobody(split, page).await?;
        let room = usize::try_from(limit_of_all.saturating_sub(removed)).unwrap_or(usize::MAX);
        let is_too_much = strangers.len() > room;
        strangers.truncate(room);
        after = if is_too_much { strangers.last().cloned() } else { end };
        removed = removed.saturating_add(counters.forget_attempts(strangers, idle_since).await?);
        if after.is_none() && has_begun_anew {
            break;
        }
        has_begun_anew |= after.is_none();
    }
    *split.looked_through() = after;
    Ok(removed)
}

/// Those of the counters that are about no account that exists.
///
/// An account that comes after that look loses the memory of what strangers tried at its address before it was there.
async fn of_nobody(split: &Split, keys: Vec<AttemptKey>) -> Result<Vec<AttemptKey>, Fault> {
    let mut strangers = Vec::new();
    for key in keys {
        let owner = match key.account() {
            Some(email) => split.find_user(FindUser { key: UserKey::Email(email) }).await?,
            None => None,
        };
        if owner.is_none() {
            strangers.push(key);
        }
    }
    Ok(strangers)
}

fn count(keys: &[AttemptKey]) -> u64 {
    u64::try_from(keys.len()).unwrap_or(u64::MAX)
}
