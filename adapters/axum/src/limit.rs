//! So many requests from a network, and no more.

use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use testudo::Refusal;
use testudo::command::CountAttempt;
use testudo::model::{AttemptKey, AttemptLimit, AttemptVerdict};
use testudo_driver::{AuthError, Store as _};

use crate::Testudo;
use crate::client::request_client;
use crate::layer::{Check, layer};

/// A layer that lets so many requests of a network through, and answers the rest with 429 `rate_limited` and
/// when to come again. A network is an IPv4 address, or an IPv6 /64 (ASVS 5.0 15.3.4). It counts in the store,
/// so for all servers together, under a name of your choice, of which the first
/// [50 characters](AttemptKey::MAX_NAME) count; layers of the same name count together.
///
/// What this crate's routes do is limited already. A [hard stop](AttemptLimit::hard_stop) is not looked at: a
/// network is never shut out for good.
///
/// # Security
///
/// It counts a request before anything below looks at it. Where nobody says where requests come from nothing is
/// counted, and the log says so: see [`RequestClient`](crate::RequestClient).
#[must_use]
pub fn limit(testudo: &Testudo, limit: AttemptLimit, name: &'static str) -> Limit {
    let limit = AttemptLimit { hard_stop: None, ..limit };
    Limit { testudo: testudo.clone(), limit, name }
}

/// What [`limit`] gives.
#[derive(Clone, Debug)]
pub struct Limit {
    testudo: Testudo,
    limit: AttemptLimit,
    name: &'static str,
}

layer!(Limit);

impl Check for Limit {
    async fn check(&self, parts: &mut Parts) -> Result<(), Response> {
        let client = request_client(parts, &self.testudo).await;
        let Some(ip) = client.ip() else { return Ok(()) };
        let refused = match self.count(AttemptKey::named_network(self.name, ip)).await {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        Err(self.testudo.problem(refused).into_response())
    }
}

impl Limit {
    async fn count(&self, key: AttemptKey) -> Result<(), AuthError> {
        let now = self.testudo.auth().now();
        let command = CountAttempt { key, limit: self.limit, now };
        match self.testudo.auth().store().count_attempt(command).await? {
            AttemptVerdict::Allowed { .. } => Ok(()),
            AttemptVerdict::Locked { until } => {
                Err(Refusal::RateLimited { retry_after: until - now }.into())
            }
            AttemptVerdict::Stopped => {
                Err(Refusal::RateLimited { retry_after: self.limit.window }.into())
            }
        }
    }
}
