//! Another system that is sent webhooks.

use std::sync::{Arc, Mutex};
use std::thread;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use testudo::Timestamp;
use testudo_webhooks::Secrets;

use super::block_on;

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What came, in its order: every body that was signed as it should be.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    seen: Arc<Mutex<Vec<Value>>>,
    /// The next so many are refused.
    refusals: Arc<Mutex<usize>>,
    pub(crate) url: String,
}

impl Receiver {
    /// Receives until the test ends.
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let receiver = Self { url, ..Self::default() };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        thread::spawn(move || {
            block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, router).await.unwrap();
            });
        });
        receiver
    }

    pub(crate) fn refuse(&self, count: usize) {
        *self.refusals.lock().unwrap() = count;
    }

    /// The events that came.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.seen.lock().unwrap().iter().map(|body| body["data"].clone()).collect()
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap();
    let secrets: Secrets = SECRET.parse().unwrap();
    let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
    let now = Timestamp::from(std::time::SystemTime::now());
    secrets.verify(id, at, header("webhook-signature"), &body, now).unwrap();
    {
        let mut refusals = receiver.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["data"]["id"], id);
    assert_eq!(body["data"]["type"], body["type"]);
    receiver.seen.lock().unwrap().push(body);
    StatusCode::NO_CONTENT
}
