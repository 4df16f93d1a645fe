//! Events as requests to other systems.

use std::future;

use futures::future::join_all;
use testudo_driver::{Fault, SharedStore, Store as _};
use testudo_tokio::EventWorker;
use testudo_webhooks::{Secrets, Webhook};

use crate::config::Config;
use crate::failure::{Failure, while_doing};
use crate::variable;

const VARIABLE: &str = "TESTUDO_WEBHOOK_SECRET";

/// One worker for each endpoint: none waits for another.
pub(crate) struct Webhooks(Vec<EventWorker<SharedStore, Webhook>>);

impl Webhooks {
    /// Makes ready what a configuration names. An endpoint that is new is sent what happens from now on.
    ///
    /// # Errors
    ///
    /// When there is no secret, or the store does not answer.
    pub(crate) async fn begin(config: &Config, store: &SharedStore) -> Result<Self, Failure> {
        let mut workers = Vec::new();
        for endpoint in &config.webhooks.0 {
            let webhook = Webhook::new(endpoint.clone(), secrets()?)
                .map_err(while_doing("cannot send webhooks"))?
                .only(config.webhook_events.0.iter().copied());
            let consumer = webhook.name();
            let begun = store.begin_events(consumer.clone()).await;
            begun.map_err(while_doing("cannot begin to send webhooks"))?;
            workers.push(EventWorker::new(store.clone(), consumer, webhook));
        }
        Ok(Self(workers))
    }

    /// Works until the future is dropped.
    pub(crate) async fn run(&self) {
        join_all(self.0.iter().map(EventWorker::run)).await;
        future::pending().await
    }

    /// Sends what is due.
    ///
    /// # Errors
    ///
    /// When the store does not answer.
    pub(crate) async fn drain(&self) -> Result<(), Fault> {
        join_all(self.0.iter().map(EventWorker::drain)).await.into_iter().collect()
    }
}

fn secrets() -> Result<Secrets, Failure> {
    let secrets = variable::secret(VARIABLE)?.ok_or_else(|| {
        Failure::new(format!(
            "webhooks are signed: put a secret into {VARIABLE} (`testudo secret new --webhook` makes one)"
        ))
    })?;
    secrets.parse().map_err(|error| Failure::new(format!("{VARIABLE}: {error}")))
}
