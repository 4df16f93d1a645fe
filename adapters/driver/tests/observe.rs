//! Flows and commands are counted and timed.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use testudo::flow::{Login, RegisterUser};
use testudo::password::{Argon2id, HasherChain};
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_memory::MemoryStore;

use testudo_driver::{Auth, InlineHashing};

/// What was recorded: name and labels, and the count of it.
fn recorded(recorder: &DebuggingRecorder) -> BTreeMap<String, u64> {
    let all = recorder.snapshotter().snapshot().into_vec().into_iter();
    let line = |(key, _, _, value): (metrics_util::CompositeKey, _, _, DebugValue)| {
        let labels = key.key().labels().map(|label| format!(" {}={}", label.key(), label.value()));
        let count = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => u64::try_from(values.len()).unwrap(),
            DebugValue::Gauge(_) => 0,
        };
        (format!("{}{}", key.key().name(), labels.collect::<String>()), count)
    };
    all.map(line).collect()
}

#[test]
fn every_flow_and_every_command_is_counted_and_timed_and_nothing_of_users_is_told() {
    let recorder = DebuggingRecorder::new();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let keys = KeyRing::parse("only-for-tests-3f9Qk2xVb7Lw8Zr5Tn1Y").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    let hashing = InlineHashing::new(HasherChain::new(Argon2id::cheap_for_tests()));
    let auth = Auth::new(MemoryStore::new(), hashing, settings);
    let here = Client::unknown();
    smol::block_on(async {
        let ada = RegisterUser::new("ada@example.com", "correct horse".into());
        auth.register_user(ada, &here).await.unwrap();
        for password in ["correct horse", "wrong mule"] {
            let _ = auth.login(Login::new("ada@example.com", password.into()), &here).await;
        }
    });
    let recorded = recorded(&recorder);
    for (line, count) in [
        ("testudo_flows_total flow=register_user outcome=done", 1),
        ("testudo_flows_total flow=login outcome=done", 1),
        ("testudo_flows_total flow=login outcome=refused:invalid_credentials", 1),
        ("testudo_flow_seconds flow=login", 2),
        ("testudo_commands_total command=VerifyPassword outcome=done", 2),
        ("testudo_command_seconds command=VerifyPassword", 2),
    ] {
        assert_eq!(recorded.get(line), Some(&count), "{line} in {recorded:#?}");
    }
    assert!(!format!("{recorded:?}").contains("ada"), "{recorded:#?}");
}
