//! Records, removed wrongly.

use std::sync::atomic::Ordering;

use testudo::Timestamp;
use testudo::command::{Sweep, Swept};
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
