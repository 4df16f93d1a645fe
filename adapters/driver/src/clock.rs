//! What time it is.

use std::fmt::Debug;

use testudo::Timestamp;

/// A source of the current time.
///
/// # Security
///
/// Expiry and one-time codes are worth no more than this clock: keep it right, and never let a
/// request set it (ASVS 5.0 6.5.8). Nodes may differ by some seconds without harm.
pub trait Clock: Debug + Send + Sync {
    /// The current moment.
    fn now(&self) -> Timestamp;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where time enters")]
    fn now(&self) -> Timestamp {
        std::time::SystemTime::now().into()
    }
}
