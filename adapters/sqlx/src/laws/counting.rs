//! A counter in a database is the counter of the reference.

use std::sync::atomic::{AtomicU32, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use testudo::command::{Commit, CountAttempt, Write};
use testudo::model::{AttemptKey, AttemptLimit, AttemptVerdict, EmailKey, WindowEnd};
use testudo::reference::Tables;
use testudo::{Duration, Timestamp};
use testudo_driver::Store;
use tokio::runtime::Runtime;

use super::fixtures::commit;

/// Scripts of attempts, refunds and clearings, one after the other.
pub(crate) fn counting_refunding_and_clearing_do_what_the_reference_does<S: Store>(
    runtime: &Runtime,
    store: &S,
) {
    let cases = AtomicU32::new(0);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(script in scripts())| {
        let case = cases.fetch_add(1, Ordering::Relaxed);
        let key = AttemptKey::login_account(&EmailKey::from_stored(format!("case-{case}")));
        runtime.block_on(follow(store, &key, script))?;
    });
}

/// Of 200 tasks on two nodes, as many may try as the limit allows.
pub(crate) async fn two_nodes_together_allow_no_more_than_the_limit<S: Store + Clone + 'static>(
    nodes: [S; 2],
) {
    let key = AttemptKey::login_account(&EmailKey::from_stored("ada@example.com".into()));
    let window = Duration::from_secs(300);
    let limit = AttemptLimit { attempts: 70, window, lock: window, hard_stop: None };
    let now = Timestamp::from_millis(1_700_000_000_000);

    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let store = nodes[number % 2].clone();
            let command = CountAttempt { key: key.clone(), limit, now };
            tokio::spawn(async move { store.count_attempt(command).await.unwrap() })
        })
        .collect();
    let (mut allowed, mut last) = (0, 0);
    for task in tasks {
        if let AttemptVerdict::Allowed { is_last, .. } = task.await.unwrap() {
            allowed += 1;
            last += i32::from(is_last);
        }
    }
    assert_eq!((allowed, last), (70, 1));
}

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

async fn follow<S: Store>(
    store: &S,
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

async fn both<S: Store>(store: &S, tables: &mut Tables, write: Write) {
    let batch = Commit { writes: vec![write], ..Commit::default() };
    tables.commit(batch.clone()).unwrap();
    commit(store, batch).await;
}
