//! Webhooks against a real receiver on loopback.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "these are tests")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use testudo::event::{Event, EventKind, EventRecord};
use testudo::{Client, Timestamp};
use testudo_driver::{Clock, EventHandler};
use testudo_webhooks::{Secrets, Webhook};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

#[derive(Default)]
struct Receiver {
    seen: Mutex<Vec<(Uri, HeaderMap, Bytes)>>,
    answers: Mutex<Vec<Response>>,
}

async fn receive(
    State(receiver): State<Arc<Receiver>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    receiver.seen.lock().unwrap().push((uri, headers, body));
    receiver.answers.lock().unwrap().pop().unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}

async fn receiver() -> (Arc<Receiver>, SocketAddr) {
    let receiver = Arc::new(Receiver::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(receive).with_state(Arc::clone(&receiver));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (receiver, address)
}

fn webhook(address: SocketAddr) -> Webhook {
    let endpoint = format!("http://{address}/hooks?key=hunter2").parse().unwrap();
    Webhook::new(endpoint, SECRET.parse().unwrap()).unwrap().with_clock(Arc::new(Stopped))
}

fn event(event: Event) -> EventRecord {
    EventRecord {
        id: "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f".parse().unwrap(),
        at: Timestamp::from_millis(1_600_000_000_000),
        user: None,
        session: None,
        client: Client::unknown(),
        event,
    }
}

#[tokio::test]
async fn an_event_arrives_as_json_that_the_receiver_can_verify() {
    let (receiver, address) = receiver().await;
    webhook(address).handle(&event(Event::UserLogout)).await.unwrap();
    let seen = receiver.seen.lock().unwrap();
    let [(uri, headers, body)] = seen.as_slice() else { panic!("not one request") };
    assert_eq!(uri, "/hooks?key=hunter2");
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("webhook-id"), "018f6b1e-5b8a-7c3d-9e2f-0a1b2c3d4e5f");
    let (id, at, signature) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let secrets: Secrets = SECRET.parse().unwrap();
    assert_eq!(secrets.verify(&id, &at, &signature, body, NOW), Ok(()));
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(body["type"], "user_logout");
    assert_eq!(body["timestamp"], "2020-09-13T12:26:40Z");
    assert_eq!(body["data"]["id"], id);
}

#[tokio::test]
async fn only_the_chosen_types_are_sent() {
    let (receiver, address) = receiver().await;
    let webhook = webhook(address).only([EventKind::UserCreated]);
    for kind in [Event::UserLogout, Event::UserCreated, Event::UserActivated] {
        webhook.handle(&event(kind)).await.unwrap();
    }
    assert_eq!(receiver.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn whatever_is_not_2xx_is_a_failure_that_names_no_path() {
    let (receiver, address) = receiver().await;
    let webhook = webhook(address);
    for answer in [
        StatusCode::BAD_REQUEST.into_response(),
        StatusCode::GONE.into_response(),
        StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Redirect::temporary("/elsewhere").into_response(),
    ] {
        let status = answer.status().as_u16().to_string();
        receiver.answers.lock().unwrap().push(answer);
        let error = webhook.handle(&event(Event::UserLogout)).await.unwrap_err().to_string();
        assert!(error.contains(&status) && !error.contains("hunter2"), "{error}");
    }
    assert_eq!(receiver.seen.lock().unwrap().len(), 4, "no redirect was followed");
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_a_failure_that_names_no_path() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = webhook(address).handle(&event(Event::UserLogout)).await.unwrap_err().to_string();
    assert!(error.contains("reached") && !error.contains("hunter2"), "{error}");
}
