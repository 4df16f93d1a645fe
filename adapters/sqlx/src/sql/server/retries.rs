//! Trying again what another transaction was in the way of.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use testudo_driver::Fault;

use super::{Failure, Why};

/// How often something is begun anew because another transaction was in the way.
const RETRIES: u32 = 10;

/// How often something was tried, and how long to wait before the next time.
pub(crate) struct Retries(u32);

impl Retries {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    /// Waits a moment, if it was another transaction that was in the way and not too often.
    ///
    /// # Errors
    ///
    /// The failure, where trying again would not help.
    pub(crate) async fn after(&mut self, failure: Failure) -> Result<(), Fault> {
        if self.again(failure.why()).await { Ok(()) } else { Err(failure.into()) }
    }

    /// The same; false where trying again would not help.
    pub(crate) async fn again(&mut self, why: Why) -> bool {
        self.0 += match why {
            Why::InTheWay => 1,
            // Who waited in vain for a lock has waited for long.
            #[cfg(feature = "mysql")]
            Why::WaitedForLock => RETRIES / 2,
            Why::Lost | Why::Taken | Why::ReadOnly | Why::Other => return false,
        };
        if self.0 > RETRIES {
            return false;
        }
        // It grows, and is never the same for two: those that met once would meet again.
        let most = 4u64 << self.0.min(6);
        let jitter = RandomState::new().hash_one(self.0) % most;
        tokio::time::sleep(Duration::from_millis(1 + jitter)).await;
        true
    }
}
