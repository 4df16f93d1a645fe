//! Committed events reach their handler, in order and at least once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

use std::sync::{Arc, Mutex};

use testudo::event::EventRecord;
use testudo::flow::{Login, RegisterUser};
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, EventHandler, HandlerError, InlineHashing, Store};
use testudo_memory::MemoryStore;
use testudo_tokio::OutboxWorker;

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl EventHandler for Seen {
    async fn handle(&self, event: &EventRecord) -> Result<(), HandlerError> {
        let event = serde_json::to_value(event).unwrap();
        self.0.lock().unwrap().push(event["type"].as_str().unwrap().to_owned());
        Ok(())
    }
}

#[tokio::test]
async fn events_arrive_in_the_order_of_their_commits_and_are_then_forgotten() {
    let store = MemoryStore::new();
    let keys = KeyRing::parse("only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
    let auth = Auth::new(store.clone(), hashing, settings);
    let here = Client::unknown();
    auth.register_user(RegisterUser::new("ada@example.com", "correct horse".into()), &here)
        .await
        .unwrap();
    for password in ["incorrect mule", "correct horse"] {
        let _ = auth.login(Login::new("ada@example.com", password.into()), &here).await;
    }

    let seen = Seen::default();
    let worker = OutboxWorker::new(store.clone(), seen.clone());
    worker.drain().await.unwrap();
    worker.drain().await.unwrap();
    assert_eq!(*seen.0.lock().unwrap(), ["user_created", "user_login_failed", "user_login"]);
    assert!(store.undelivered(10).await.unwrap().is_empty());
}
