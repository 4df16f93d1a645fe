//! A clock that stands still.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use testudo::{Duration, Timestamp};

use crate::Clock;

/// A clock that shows what it was told, until it is told otherwise. Clones show the same time.
///
/// ```
/// use testudo::{Duration, Timestamp};
/// use testudo_driver::{Clock, conformance::ManualClock};
///
/// let clock = ManualClock::at(Timestamp::from_millis(1_000));
/// clock.clone().advance(Duration::from_secs(2));
/// assert_eq!(clock.now(), Timestamp::from_millis(3_000));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_millis())))
    }

    /// Shows another time: later, or earlier as after a correction.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millis(), Ordering::SeqCst);
    }

    /// Lets time pass.
    pub fn advance(&self, span: Duration) {
        self.set(self.now() + span);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
