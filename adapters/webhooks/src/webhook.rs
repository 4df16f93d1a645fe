//! Sending.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Serialize;
use testudo::Timestamp;
use testudo::event::{EventKind, EventRecord};
use testudo_driver::{Clock, EventHandler, HandlerError, SystemClock};

use crate::{Endpoint, Secrets};

/// Sends events to another system, one request each: `POST` with the event as JSON, signed.
///
/// The body is `{"type", "timestamp", "data"}`: the event's type, its moment and the whole
/// [record](testudo::event::EventRecord). The headers are `webhook-id`, the event's id, by which the receiver tells
/// repeats; `webhook-timestamp`, the moment of this attempt; and `webhook-signature`. Any answer of 2xx within
/// [`Webhook::PATIENCE`] means that the event was taken.
///
/// ```no_run
/// use testudo::event::EventKind;
/// use testudo_webhooks::Webhook;
///
/// let webhook = Webhook::new("https://example.com/hooks".parse()?, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse()?)?
///     .only([EventKind::UserCreated, EventKind::AccountClosed]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
///
/// No redirect is followed, and no more of an answer is read than its status. Events hold addresses of clients and
/// masked e-mail addresses, and no secrets.
pub struct Webhook {
    endpoint: Endpoint,
    secrets: Secrets,
    /// All, if there are none.
    only: BTreeSet<EventKind>,
    client: Client,
    clock: Arc<dyn Clock>,
}

/// What is sent.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: Timestamp,
    data: &'a EventRecord,
}

impl Webhook {
    /// How long a receiver has to answer.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// Sends every event to `endpoint`.
    ///
    /// # Errors
    ///
    /// When there is no TLS to be had on this machine.
    pub fn new(endpoint: Endpoint, secrets: Secrets) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(Self::PATIENCE)
            .connect_timeout(Self::PATIENCE / 2)
            .no_proxy()
            .user_agent(concat!("testudo-webhooks/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let (only, clock) = (BTreeSet::new(), Arc::new(SystemClock));
        Ok(Self { endpoint, secrets, only, client, clock })
    }

    /// Sends events of these kinds only, or, where none are named, of all.
    #[must_use]
    pub fn only(self, kinds: impl IntoIterator<Item = EventKind>) -> Self {
        Self { only: kinds.into_iter().collect(), ..self }
    }

    /// With another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// A name for the consumer of its events: [`Endpoint::name`].
    #[must_use]
    pub fn name(&self) -> String {
        self.endpoint.name()
    }

    async fn send(&self, id: &str, body: Vec<u8>) -> Result<(), HandlerError> {
        let now = self.clock.now();
        let request = self
            .client
            .post(self.endpoint.url())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", (now.as_millis() / 1000).to_string())
            .header("webhook-signature", self.secrets.sign(id, now, &body))
            .body(body);
        let answer = request.send().await.map_err(|error| self.failed(&error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(self.refused(status)),
        }
    }

    fn failed(&self, error: &reqwest::Error) -> HandlerError {
        let what = match error {
            error if error.is_timeout() => "took too long",
            error if error.is_connect() => "cannot be reached",
            _ => "did not answer",
        };
        HandlerError::new(format!("{} {what}", self.endpoint))
    }

    fn refused(&self, status: StatusCode) -> HandlerError {
        HandlerError::new(format!("{} answered {}", self.endpoint, status.as_u16()))
    }
}

impl EventHandler for Webhook {
    async fn handle(&self, event: &EventRecord) -> Result<(), HandlerError> {
        let kind = event.event.kind();
        if !self.only.is_empty() && !self.only.contains(&kind) {
            return Ok(());
        }
        let body = Body { r#type: kind.as_str(), timestamp: event.at, data: event };
        let body = serde_json::to_vec(&body).map_err(HandlerError::new)?;
        self.send(&event.id.to_string(), body).await
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Webhook").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
