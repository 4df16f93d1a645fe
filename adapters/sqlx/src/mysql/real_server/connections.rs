//! The pool of connections, which is the same for Postgres.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use testudo::command::{FindUser, UserKey};
use testudo_driver::{FaultKind, Store};
use testudo_test_servers::MariaDb;

use crate::mysql::fixtures::{behind_proxy, commit, inserting, scratch, user};
use crate::mysql::{MySqlOptions, MySqlStore};

/// How often connections asked the server whether it is there.
async fn pings(store: &MySqlStore) -> i64 {
    let count = "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status \
        WHERE variable_name = 'COM_ADMIN_COMMANDS'";
    crate::mysql::fixtures::number(store, count).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_is_one_trip_to_the_server() {
    let server = MariaDb::start().unwrap();
    let store = MySqlStore::open(server.url()).await.unwrap();
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    let before = pings(&store).await;
    for _ in 0..50 {
        let find = FindUser { key: UserKey::Id(ada.id) };
        assert_eq!(store.find_user(find).await.unwrap().as_ref(), Some(&ada));
    }
    assert_eq!(pings(&store).await, before);
    assert_eq!(store.database.size(), 1, "one after the other they need no more");
    // What has not been used for long is looked at, once.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    store.ping().await.unwrap();
    store.ping().await.unwrap();
    assert_eq!(pings(&store).await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_waits_for_the_commands_under_way_and_nobody_comes_after() {
    let (_database, store) = scratch().await;
    let (one, other) = tokio::join!(store.database.take(), store.database.take());
    let (one, other) = (one.unwrap(), other.unwrap());
    let mut closing = pin!(store.close());
    assert!(!is_done(closing.as_mut()).await);
    drop(one);
    assert!(!is_done(closing.as_mut()).await);
    assert_eq!(store.ping().await.unwrap_err().kind(), FaultKind::Unavailable);
    drop(other);
    closing.await;
    assert_eq!(store.database.size(), 0);
}

/// Polls a future once.
async fn is_done(mut future: Pin<&mut impl Future<Output = ()>>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_all_connections_taken_waits_and_not_for_ever() {
    let (database, _) = scratch().await;
    let options = MySqlOptions::parse(database.url()).unwrap().with_connections(2);
    let options = options.with_patience(Duration::from_millis(300));
    let store = MySqlStore::open_with(options).await.unwrap();
    let held = (store.database.take().await.unwrap(), store.database.take().await.unwrap());
    assert_eq!(store.ping().await.unwrap_err().kind(), FaultKind::Unavailable);
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.ping().await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(held);
    waiting.await.unwrap().unwrap();
    assert_eq!(store.database.size(), 2);
    store.close().await;
}

/// As behind a gateway that forgets connections which are idle.
#[tokio::test(flavor = "multi_thread")]
async fn one_idle_connection_that_leads_nowhere_is_enough_to_distrust_all() {
    let server = MariaDb::start().unwrap();
    let (proxy, url) = behind_proxy(server.url());
    let store = MySqlStore::open(&url).await.unwrap();
    let all = tokio::join!(store.database.take(), store.database.take(), store.database.take());
    drop(all);
    assert_eq!(store.database.size(), 3);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    proxy.freeze();
    let ping = tokio::spawn({
        let store = store.clone();
        async move { store.ping().await }
    });
    // Longer than one of them is asked whether it is there, and shorter than two.
    tokio::time::sleep(Duration::from_secs(3)).await;
    proxy.heal();
    ping.await.unwrap().unwrap();
    assert_eq!(store.database.size(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_swallows_everything_keeps_no_connection_for_good() {
    const CONNECTIONS: u32 = 4;
    let server = MariaDb::start().unwrap();
    let (proxy, url) = behind_proxy(server.url());
    let options = MySqlOptions::parse(&url).unwrap();
    let options = options.with_connections(CONNECTIONS).with_patience(Duration::from_millis(200));
    let store = MySqlStore::open_with(options).await.unwrap();
    for _ in 0..10 {
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { while store.ping().await.is_ok() {} })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(20)).await;
        proxy.freeze();
        for reader in readers {
            reader.await.unwrap();
        }
        proxy.heal();
    }
    let mut all = Vec::new();
    for _ in 0..CONNECTIONS {
        all.push(store.database.take().await.unwrap());
    }
}
