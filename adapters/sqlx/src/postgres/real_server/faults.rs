//! A server that is killed, stopped where it is, or takes no writes.

use std::time::{Duration, Instant};

use sqlx::Connection;
use testudo::command::{FindUser, UserKey};
use testudo_driver::{Fault, FaultKind, Store};
use testudo_test_servers::{Options, Postgres};

use super::{run, scratch};
use crate::PostgresStore;
use crate::laws::fixtures::{commit, inserting, user};
use crate::postgres::PostgresOptions;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_a_fault_until_it_is_back_and_has_lost_nothing() {
    let server = Postgres::start_with(&Options::durable()).unwrap();
    let store = PostgresStore::open(server.url()).await.unwrap();
    let ada = user("ada@example.com");
    let find = || FindUser { key: UserKey::Id(ada.id) };
    commit(&store, inserting(&ada)).await;
    for round in 0..3 {
        // Connections that were just used, and so are not looked at again.
        let reads: Vec<_> = (0..16)
            .map(|_| {
                let (store, find) = (store.clone(), find());
                tokio::spawn(async move { store.find_user(find).await.unwrap() })
            })
            .collect();
        for read in reads {
            assert_eq!(read.await.unwrap().as_ref(), Some(&ada));
        }
        server.kill_9().unwrap();
        let (found, applied) = (
            store.find_user(find()).await.unwrap_err(),
            store.commit(inserting(&user("bob@example.com"))).await.unwrap_err(),
        );
        assert_eq!(
            (found.kind(), applied.kind()),
            (FaultKind::Unavailable, FaultKind::Unavailable)
        );
        server.restart().unwrap();
        // One connection that has ended is enough to forget all.
        assert_eq!(store.find_user(find()).await.unwrap().as_ref(), Some(&ada));
        commit(&store, inserting(&user(&format!("eve-{round}@example.com")))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_answer_is_a_fault_in_the_end_and_used_again_when_it_does() {
    let server = Postgres::start().unwrap();
    let options = PostgresOptions::parse(server.url()).unwrap().with_connections(4);
    let store = PostgresStore::open_with(options).await.unwrap();
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    server.pause();
    let impatient = impatient(&store, Duration::from_millis(500));
    for _ in 0..6 {
        let key = UserKey::Id(ada.id);
        let fault = impatient.find_user(FindUser { key }).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    }
    server.resume();
    let back = Instant::now();
    loop {
        let key = UserKey::Id(ada.id);
        match store.find_user(FindUser { key }).await {
            Ok(found) => break assert_eq!(found, Some(ada)),
            Err(fault) => assert!(back.elapsed() < Duration::from_secs(10), "{fault}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_keeps_locked_is_a_fault_in_the_end() {
    let (database, store) = scratch().await;
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    // The server ends the wait, and a little later the store does: nothing else here takes as long.
    let options = super::options(&database).with_patience(Duration::from_secs(2));
    let other = PostgresStore::open_with(options).await.unwrap();
    let mut connection = store.database.apart().await;
    let mut holder = connection.begin().await.unwrap();
    sqlx::raw_sql("SELECT 1 FROM users FOR UPDATE").execute(&mut *holder).await.unwrap();
    let guarded = || testudo::command::Commit {
        guards: vec![testudo::command::Guard::UserEpoch { id: ada.id, epoch: ada.epoch }],
        ..Default::default()
    };
    let fault = other.commit(guarded()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    holder.rollback().await.unwrap();
    commit(&other, guarded()).await;
}

/// As on a standby, or while a primary is replaced.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_is_unavailable() {
    let (database, store) = scratch().await;
    let name = database.url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    run(&store, &format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on")).await;
    let standby = PostgresStore::open_with(super::options(&database)).await.unwrap();
    let fault = standby.commit(inserting(&user("ada@example.com"))).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    standby.ping().await.unwrap();
}

/// Neither what was bound to a statement, nor what the database repeats of it.
#[tokio::test(flavor = "multi_thread")]
async fn faults_quote_no_values() {
    let (_database, store) = scratch().await;
    run(&store, "ALTER TABLE users ADD CONSTRAINT small CHECK (length(email) < 5)").await;
    let fault = store.commit(inserting(&user("hunter7031@example.com"))).await.unwrap_err();
    let shown = format!("{fault} {fault:?}");
    assert!(shown.contains("23514") && shown.contains("small"), "{shown}");
    assert!(!shown.contains("hunter7031"), "{shown}");
    let fault = store.commit(inserting(&user("hunter7031\0@example.com"))).await.unwrap_err();
    assert!(!format!("{fault} {fault:?}").contains("hunter7031"), "{fault}");
}

/// Such as one that was idle in a transaction for too long: the server says so and hangs up.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_says_before_it_hangs_up_ends_the_connection() {
    let (_database, store) = scratch().await;
    let mut connection = store.database.apart().await;
    let pid = "SELECT pg_backend_pid()";
    let pid: i32 = sqlx::query_scalar(pid).fetch_one(&mut connection).await.unwrap();
    let idle = "SET idle_in_transaction_session_timeout = '50ms'; BEGIN";
    sqlx::raw_sql(idle).execute(&mut connection).await.unwrap();
    let mut other = store.database.apart().await;
    let is_there = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = $1)";
    while sqlx::query_scalar(is_there).bind(pid).fetch_one(&mut other).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let error = sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap_err();
    let failure = super::super::failure(error);
    assert!(failure.is_lost());
    assert_eq!(Fault::from(failure).kind(), FaultKind::Unavailable);
}

/// The same store, for somebody who waits for so long.
fn impatient(store: &PostgresStore, patience: Duration) -> PostgresStore {
    PostgresStore { database: store.database.for_whom_waits(patience), ..store.clone() }
}
