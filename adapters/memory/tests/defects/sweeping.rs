//! Records, removed wrongly.

use std::sync::atomic::Ordering;

use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
use testudo::model::AttemptKey;
use testudo_driver::{Fault, Store as _};

use crate::{Defect, Defective};

pub(crate) async fn sweep(this: &Defective, mut command: Sweep) -> Result<Swept, Fault> {
    let tick = |moment: Timestamp| Timestamp::from_millis(moment.as_millis() + 1);
    let closed_by = command.accounts_closed_by;
    match this.defect {
        Defect::IgnoresLinksWhenSweeping => {
            command.links_expired_by = Timestamp::from_millis(0);
        }
        Defect::SweepsATickTooEarly => {
            command.links_expired_by = tick(command.links_expired_by);
            command.accounts_closed_by = tick(closed_by);
        }
        Defect::KeepsDeadLetters => {
            command.dead_letters_buried_by = Timestamp::from_millis(0);
        }
        Defect::SweepsWithoutLimit => command.limit = u32::MAX,
        Defect::KeepsEvents => command.events_kept_since = Timestamp::from_millis(0),
        Defect::GivesPlacesAwayTwice => {
            this.recordings.fetch_add(1, Ordering::SeqCst);
        }
        Defect::HidesClosedAccounts => {
            command.accounts_closed_by = Timestamp::from_millis(0);
            this.hidden_by.lock().unwrap().replace(closed_by);
            let accounts = 1;
            return Ok(Swept { accounts, ..this.store.sweep(command).await? });
        }
        _ => {}
    }
    this.store.sweep(command).await
}

pub(crate) async fn list_idle_attempts(
    this: &Defective,
    idle_since: Timestamp,
    after: Option<AttemptKey>,
    limit: u32,
) -> Result<Vec<AttemptKey>, Fault> {
    match this.defect {
        Defect::ListsBusyCounters => {
            this.store.list_idle_attempts(Timestamp::MAX, after, limit).await
        }
        Defect::ListsCountersByTheirLength => {
            let mut listed = this.store.list_idle_attempts(idle_since, after, limit).await?;
            listed.sort_by_key(|key| key.as_str().len());
            Ok(listed)
        }
        _ => this.store.list_idle_attempts(idle_since, after, limit).await,
    }
}

pub(crate) async fn forget_attempts(
    this: &Defective,
    keys: Vec<AttemptKey>,
    idle_since: Timestamp,
) -> Result<u64, Fault> {
    match this.defect {
        Defect::ForgetsBusyCounters => this.store.forget_attempts(keys, Timestamp::MAX).await,
        Defect::CountsWhatItWasAskedToForget => {
            let asked = keys.len() as u64;
            this.store.forget_attempts(keys, idle_since).await.map(|_| asked)
        }
        Defect::ForgetsAllIdleCounters => {
            let all = this.store.list_idle_attempts(idle_since, None, u32::MAX).await?;
            this.store.forget_attempts(all, idle_since).await
        }
        _ => this.store.forget_attempts(keys, idle_since).await,
    }
}
