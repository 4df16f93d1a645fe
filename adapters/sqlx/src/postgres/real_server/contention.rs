//! Many who want the same row, and who stands in whose way.

use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use testudo::command::{Commit, CountAttempt, FindUser, Guard, UserKey, Write};
use testudo::model::{AttemptKey, AttemptLimit, AttemptVerdict, Epoch};
use testudo_driver::Store;
use tokio::time::{sleep, timeout};

use super::scratch;
use crate::PostgresStore;
use crate::laws::fixtures::{NOW, commit, inserting, user};

fn guess() -> CountAttempt {
    let minute = testudo::Duration::from_minutes(1);
    let limit = AttemptLimit { attempts: 1, window: minute, lock: minute, hard_stop: None };
    let key = AttemptKey::login_account(user("ada@example.com").email.key());
    CountAttempt { key, limit, now: NOW }
}

/// A transaction of somebody else that keeps rows locked.
async fn locking(holder: &mut PgConnection, rows: &str) {
    let statement = format!("BEGIN; SELECT 1 FROM {rows}");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(holder).await.unwrap();
}

/// Waits until so many of the database's connections wait for a lock.
async fn until_waiting(looker: &mut PgConnection, number: i64) {
    let begun = Instant::now();
    loop {
        let found = waiting(looker).await;
        if found == number {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{found} wait, and not {number}");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn waiting(looker: &mut PgConnection) -> i64 {
    let waiting = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(looker).await.unwrap()
}

/// Otherwise all who are refused would stand in line, each with a connection that others need.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_attempt_waits_for_nobody() {
    let (_database, store) = scratch().await;
    let first = store.count_attempt(guess()).await.unwrap();
    assert!(matches!(first, AttemptVerdict::Allowed { is_last: true, .. }), "{first:?}");
    let mut holder = store.database.apart().await;
    locking(&mut holder, "attempts FOR UPDATE").await;
    let refused = store.count_attempt(guess()).await.unwrap();
    assert!(matches!(refused, AttemptVerdict::Locked { .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_has_no_more_connections_made_than_the_store_may_have() {
    let (database, plain) = scratch().await;
    plain.count_attempt(CountAttempt { now: NOW, ..guess() }).await.unwrap();
    let store =
        PostgresStore::open_with(super::options(&database).with_connections(4)).await.unwrap();
    let (mut holder, mut looker) = (plain.database.apart().await, plain.database.apart().await);
    locking(&mut holder, "attempts FOR UPDATE").await;
    // Its window is over: it may be counted again, and the row is waited for.
    let later = NOW + testudo::Duration::from_minutes(5);
    for _ in 0..20 {
        let guess = CountAttempt { now: later, ..guess() };
        let _ = timeout(Duration::from_millis(100), store.count_attempt(guess)).await;
    }
    // At once: the server itself gives each of them up after some seconds.
    let found = waiting(&mut looker).await;
    assert!((1..=4).contains(&found), "{found}");
    holder.close().await.unwrap();
    until_waiting(&mut looker, 0).await;
    let found = store.find_user(FindUser { key: UserKey::Id(user("x@example.com").id) }).await;
    assert_eq!(found.unwrap(), None);
    store.close().await;
}

/// Guards are taken in turn. A lock that many share at once could keep a change of the account waiting for ever.
#[tokio::test(flavor = "multi_thread")]
async fn who_signs_out_everywhere_comes_before_whoever_refreshes_after() {
    let (_database, store) = scratch().await;
    let mut ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    let guard = Guard::UserEpoch { id: ada.id, epoch: ada.epoch };
    let (mut holder, mut looker) = (store.database.apart().await, store.database.apart().await);
    locking(&mut holder, "users FOR SHARE").await;

    let was = ada.version;
    (ada.version, ada.epoch) = (was.next(), Epoch::new(ada.epoch.get() + 1));
    let out = Write::ReplaceUser { user: Box::new(ada), was };
    let out =
        tokio::spawn(commit_one(store.clone(), Commit { writes: vec![out], ..Commit::default() }));
    until_waiting(&mut looker, 1).await;
    let refresh = Commit { guards: vec![guard], ..Commit::default() };
    let refresh = tokio::spawn(commit_one(store.clone(), refresh));
    until_waiting(&mut looker, 2).await;
    holder.close().await.unwrap();
    assert!(out.await.unwrap(), "it was first");
    assert!(!refresh.await.unwrap(), "its epoch is over");
}

/// Whether a batch was applied.
async fn commit_one(store: PostgresStore, batch: Commit) -> bool {
    store.commit(batch).await.unwrap().is_ok()
}
