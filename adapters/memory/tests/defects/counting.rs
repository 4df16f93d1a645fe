//! Attempts, counted wrongly.

use smol::future::yield_now;
use testudo::Timestamp;
use testudo::command::{Commit, CountAttempt, Write};
use testudo::model::{AttemptKey, AttemptVerdict, EmailKey};
use testudo_driver::{Fault, Store as _};

use crate::{Defect, Defective};

pub(crate) async fn count_attempt(
    this: &Defective,
    mut command: CountAttempt,
) -> Result<AttemptVerdict, Fault> {
    match this.defect {
        Defect::CountsInTwoSteps => Ok(this.count_in_two_steps(command).await),
        Defect::CountsRefusedAttempts => Ok(this.count_even_if_refused(command)),
        Defect::CountsByAClockOfItsOwn => {
            command.now = Timestamp::from_millis(1_600_000_000_000);
            this.store.count_attempt(command).await
        }
        _ => {
            command.key = this.mangled_key(&command.key);
            this.store.count_attempt(command).await
        }
    }
}

impl Defective {
    /// Reads, lets others go on, and writes back what comes of what was read.
    pub(crate) async fn count_in_two_steps(&self, command: CountAttempt) -> AttemptVerdict {
        let CountAttempt { key, limit, now } = command;
        let mut counter = self.counters.lock().unwrap().get(&key).copied().unwrap_or_default();
        yield_now().await;
        let verdict = counter.reserve(&limit, now);
        self.counters.lock().unwrap().insert(key, counter);
        verdict
    }

    /// Clears what is cleared, as it counts apart from the store.
    pub(crate) fn forget_counted(&self, batch: &Commit) {
        let mut counters = self.counters.lock().unwrap();
        for write in &batch.writes {
            if let Write::ClearAttempts(key) = write {
                counters.remove(key);
            }
        }
    }

    pub(crate) fn count_even_if_refused(&self, command: CountAttempt) -> AttemptVerdict {
        let mut counters = self.counters.lock().unwrap();
        let counter = counters.entry(command.key).or_default();
        let verdict = counter.reserve(&command.limit, command.now);
        if let AttemptVerdict::Locked { .. } = verdict {
            counter.consecutive += 1;
        }
        verdict
    }

    pub(crate) fn mangled_key(&self, key: &AttemptKey) -> AttemptKey {
        match key.as_str().strip_prefix("login:account:") {
            Some(email) => AttemptKey::login_account(&EmailKey::from_stored(self.mangled(email))),
            None => key.clone(),
        }
    }
}
