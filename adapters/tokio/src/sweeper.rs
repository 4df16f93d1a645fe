//! Sweeping every now and then.

use std::sync::Arc;
use std::time::Duration;

use testudo_driver::{Auth, Hashing, Store};
use tokio::time;
use tracing::{debug, warn};

/// Removes what has no meaning any more, every now and then: [`Auth::sweep`].
#[derive(Debug)]
pub struct Sweeper<S, H> {
    auth: Arc<Auth<S, H>>,
    every: Duration,
}

impl<S: Store, H: Hashing> Sweeper<S, H> {
    /// How often to sweep, by default: an hour.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(3600);

    /// A sweeper that waits for `every` between two sweeps.
    pub const fn new(auth: Arc<Auth<S, H>>, every: Duration) -> Self {
        Self { auth, every }
    }

    /// Works until the future is dropped. A store that does not answer is asked again next time.
    pub async fn run(&self) {
        loop {
            match self.auth.sweep().await {
                Ok(swept) => debug!(swept.sessions, swept.attempts, "swept"),
                Err(fault) => warn!(%fault, "nothing was swept; trying again later"),
            }
            time::sleep(self.every).await;
        }
    }
}
