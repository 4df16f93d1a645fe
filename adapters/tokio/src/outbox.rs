//! Delivering events: read what was committed, hand it on, forget it.

use std::time::Duration;

use testudo_driver::{EventHandler, Fault, Store};
use tokio::time;
use tracing::{error, warn};

/// Hands committed events to a handler, in order and at least once.
#[derive(Debug)]
pub struct OutboxWorker<S, E> {
    store: S,
    handler: E,
}

impl<S: Store, E: EventHandler> OutboxWorker<S, E> {
    const BATCH: usize = 128;
    const PAUSE: Duration = Duration::from_millis(500);

    /// A worker between a store and a handler.
    pub const fn new(store: S, handler: E) -> Self {
        Self { store, handler }
    }

    /// Works until the future is dropped. A store that does not answer is asked again later.
    pub async fn run(&self) {
        loop {
            match self.deliver_batch().await {
                Ok(Self::BATCH..) => {}
                Ok(_) => time::sleep(Self::PAUSE).await,
                Err(fault) => {
                    warn!(%fault, "events could not be delivered; trying again");
                    time::sleep(Self::PAUSE * 10).await;
                }
            }
        }
    }

    /// Delivers what there is, and returns when nothing is left: for an orderly end.
    ///
    /// # Errors
    ///
    /// When the store does not answer. What was not forgotten will be delivered again.
    pub async fn drain(&self) -> Result<(), Fault> {
        while self.deliver_batch().await? > 0 {}
        Ok(())
    }

    async fn deliver_batch(&self) -> Result<usize, Fault> {
        let events = self.store.undelivered(Self::BATCH).await?;
        for event in &events {
            if let Err(error) = self.handler.handle(event).await {
                error!(id = %event.id, %error, "an event was not taken; going on with the next");
            }
        }
        if !events.is_empty() {
            self.store.delivered(events.iter().map(|event| event.id).collect()).await?;
        }
        Ok(events.len())
    }
}
