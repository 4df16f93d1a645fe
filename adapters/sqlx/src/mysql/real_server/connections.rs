//! The pool of connections, which is the same for Postgres.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use testudo::command::{FindUser, UserKey};
use testudo_driver::{FaultKind, Store};
use testudo_test_servers::{Database, MariaDb};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::mysql::fixtures::{behind_proxy, commit, impatient, inserting, scratch, user};
use crate::mysql::{MySqlOptions, MySqlStore};

/// A connection that has not been used for so long is asked whether it is there.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

const A_MOMENT: Duration = Duration::from_millis(2);

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
    let mut pauses = Pauses::begin();
    commit(&store, inserting(&ada)).await;
    let before = pings(&store).await;
    for _ in 0..50 {
        let find = FindUser { key: UserKey::Id(ada.id) };
        assert_eq!(store.find_user(find).await.unwrap().as_ref(), Some(&ada));
        pauses.look();
    }
    let asked = pings(&store).await - before;
    assert!(asked <= pauses.count, "{asked} times, after {} pauses", pauses.count);
    assert_eq!(store.database.size(), 1, "one after the other they need no more");
    // What has not been used for long is looked at, once.
    sleep(TRUSTED_FOR).await;
    let (before, mut pauses) = (pings(&store).await, Pauses::begin());
    for _ in 0..2 {
        store.ping().await.unwrap();
        pauses.look();
    }
    let asked = pings(&store).await - before;
    assert!((1..=1 + pauses.count).contains(&asked), "{asked} times, after {}", pauses.count);
}

/// How often a busy machine took so long from one command to the end of the next that the connection may have been
/// asked in between whether it is there; mostly never.
struct Pauses {
    /// When the last command was over, and the one before.
    ends: [Instant; 2],
    count: i64,
}

impl Pauses {
    fn begin() -> Self {
        Self { ends: [Instant::now(); 2], count: 0 }
    }

    fn look(&mut self) {
        let now = Instant::now();
        self.count += i64::from(now - self.ends[1] >= TRUSTED_FOR);
        self.ends = [now, self.ends[0]];
    }
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
    let database = Database::mysql().unwrap();
    let options = MySqlOptions::parse(database.url()).unwrap().with_connections(2);
    let store = MySqlStore::open_with(options).await.unwrap();
    let held = (store.database.take().await.unwrap(), store.database.take().await.unwrap());
    let fault = impatient(&store, Duration::from_millis(300)).ping().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    let waiting = tokio::spawn({
        let store = store.clone();
        async move { store.ping().await }
    });
    while store.database.waiting() == 0 {
        sleep(A_MOMENT).await;
    }
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
    let options = MySqlOptions::parse(&url).unwrap().with_patience(Duration::from_secs(30));
    let store = MySqlStore::open_with(options).await.unwrap();
    let all = tokio::join!(store.database.take(), store.database.take(), store.database.take());
    drop(all);
    assert_eq!(store.database.size(), 3);
    sleep(TRUSTED_FOR).await;
    proxy.freeze();
    let ping = tokio::spawn({
        let store = store.clone();
        async move { store.ping().await }
    });
    while store.database.size() == 3 {
        sleep(A_MOMENT).await;
    }
    // The first was asked whether it is there, for two seconds; were the second one asked, too, it would be there still.
    sleep(Duration::from_millis(500)).await;
    assert!(store.database.size() <= 1, "but for one that is being made");
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
    let store = MySqlStore::open_with(options.with_connections(CONNECTIONS)).await.unwrap();
    for _ in 0..10 {
        let answers = Arc::new(AtomicUsize::new(0));
        let readers: Vec<_> = (0..8)
            .map(|_| {
                let (store, answers) =
                    (impatient(&store, Duration::from_millis(200)), Arc::clone(&answers));
                tokio::spawn(async move {
                    while store.ping().await.is_ok() {
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        // A busy machine may be too slow for some of them.
        while answers.load(Ordering::Relaxed) < 16 && !readers.iter().all(JoinHandle::is_finished) {
            sleep(A_MOMENT).await;
        }
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
