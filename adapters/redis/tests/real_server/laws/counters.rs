//! Counters alone, over long scripts.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use testudo::command::{Commit, CountAttempt, Write};
use testudo::model::{AttemptKey, AttemptLimit, AttemptVerdict, EmailKey, WindowEnd};
use testudo::reference::Tables;
use testudo::{Duration, Timestamp};
use testudo_driver::Store;
use testudo_redis::RedisStore;

use crate::support::{cluster, fresh, server};

/// What may be done to a counter.
#[derive(Clone, Debug)]
enum Act {
    Reserve(AttemptLimit, Timestamp),
    /// The attempt that many acts ago.
    Refund(usize),
    /// Of a window that there may never have been.
    RefundAt(Timestamp),
    Clear,
}

fn limits() -> impl Strategy<Value = AttemptLimit> {
    let spans = || prop_oneof![9 => 0u64..40, 1 => Just(u64::MAX)];
    let hard_stops = prop_oneof![Just(None), (0u32..8).prop_map(Some)];
    (0u32..5, spans(), spans(), hard_stops).prop_map(|(attempts, window, lock, hard_stop)| {
        let (window, lock) = (Duration::from_millis(window), Duration::from_millis(lock));
        AttemptLimit { attempts, window, lock, hard_stop }
    })
}

/// So few that windows begin, go on and end, and that the clock goes back.
fn moments() -> impl Strategy<Value = Timestamp> {
    prop_oneof![19 => 0u64..60, 1 => Just(u64::MAX)].prop_map(Timestamp::from_millis)
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![
        16 => (limits(), moments()).prop_map(|(limit, now)| Act::Reserve(limit, now)),
        4 => (0usize..6).prop_map(Act::Refund),
        1 => moments().prop_map(Act::RefundAt),
        1 => Just(Act::Clear),
    ]
}

/// Long runs under one limit, as they are in life, and limits that change all the time.
fn scripts() -> impl Strategy<Value = Vec<Act>> {
    let steady = (limits(), vec((acts(), 0u64..60), 1..40)).prop_map(|(limit, acts)| {
        let steady = |(act, now)| match act {
            Act::Reserve(..) => Act::Reserve(limit, Timestamp::from_millis(now)),
            other => other,
        };
        acts.into_iter().map(steady).collect()
    });
    prop_oneof![steady, vec(acts(), 1..40)]
}

#[test]
fn counting_refunding_and_clearing_do_what_the_reference_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (address, buckets) in [(server().to_owned(), 1), (cluster(), 64)] {
        let store = runtime.block_on(fresh(&address, buckets));
        let cases = AtomicU32::new(0);
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(script in scripts())| {
            let case = cases.fetch_add(1, Ordering::Relaxed);
            let key = AttemptKey::login_account(&EmailKey::from_stored(format!("case-{case}")));
            runtime.block_on(follow(&store, &key, script))?;
        });
    }
}

async fn follow(
    store: &RedisStore,
    key: &AttemptKey,
    script: Vec<Act>,
) -> Result<(), TestCaseError> {
    let mut tables = Tables::new();
    let mut windows = Vec::new();
    for act in script {
        match act {
            Act::Reserve(limit, now) => {
                let command = CountAttempt { key: key.clone(), limit, now };
                let expected = tables.count_attempt(&command);
                let verdict = store.count_attempt(command).await.unwrap();
                prop_assert_eq!(verdict, expected, "at {:?} under {:?}", now, limit);
                if let AttemptVerdict::Allowed { window, .. } = verdict {
                    windows.push(window);
                }
            }
            Act::Refund(ago) => {
                if let Some(window) = windows.iter().rev().nth(ago) {
                    both(store, &mut tables, refund_of(key, *window)).await;
                }
            }
            Act::RefundAt(window) => both(store, &mut tables, refund_of(key, window)).await,
            Act::Clear => both(store, &mut tables, Write::ClearAttempts(key.clone())).await,
        }
    }
    Ok(())
}

fn refund_of(key: &AttemptKey, window: WindowEnd) -> Write {
    Write::RefundAttempt { key: key.clone(), window }
}

async fn both(store: &RedisStore, tables: &mut Tables, write: Write) {
    let batch = Commit { writes: vec![write], ..Commit::default() };
    tables.commit(batch.clone()).unwrap();
    store.commit(batch).await.unwrap().unwrap();
}
