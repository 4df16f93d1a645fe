//! Servers that die, stop, or refuse.

use std::time::{Duration, Instant};

use sqlx::Connection;
use testudo::command::{FindUser, UserKey};
use testudo::model::User;
use testudo_driver::{FaultKind, Store};
use testudo_test_servers::{MariaDb, Options};

use crate::mysql::fault::{self, code};
use crate::mysql::fixtures::{commit, impatient, inserting, raw, scratch, user};
use crate::mysql::{MySqlOptions, MySqlStore};

async fn find(store: &MySqlStore, user: &User) -> Option<User> {
    store.find_user(FindUser { key: UserKey::Id(user.id) }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_the_server_and_the_store_comes_back_with_it() {
    let server = MariaDb::start_with(&Options::durable()).unwrap();
    let store = MySqlStore::open(server.url()).await.unwrap();
    for number in 0..3 {
        let ada = user(&format!("ada-{number}@example.com"));
        commit(&store, inserting(&ada)).await;
        // All connections are there, and none knows.
        tokio::join!(find(&store, &ada), find(&store, &ada), find(&store, &ada));
        server.kill_9().unwrap();
        let fault = store.commit(inserting(&user("bob@example.com"))).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
        assert_eq!(store.ping().await.unwrap_err().kind(), FaultKind::Unavailable);
        server.restart().unwrap();
        assert_eq!(find(&store, &ada).await, Some(ada));
        commit(&store, inserting(&user(&format!("eve-{number}@example.com")))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_transactions_go_to_a_fresh_connection_where_theirs_has_ended() {
    let server = MariaDb::start_with(&Options::durable()).unwrap();
    let options = MySqlOptions::parse(server.url()).unwrap().with_connections(2);
    let store = MySqlStore::open_with(options).await.unwrap();
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    for _ in 0..5 {
        // So recently used that the pool does not ask whether they live.
        tokio::join!(find(&store, &ada), find(&store, &ada));
        let kill = "SELECT GROUP_CONCAT(CONCAT('KILL ', id) SEPARATOR '; ') \
            FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root'";
        let mut other = sqlx::MySqlConnection::connect(server.url()).await.unwrap();
        let kills: String = sqlx::query_scalar(kill).fetch_one(&mut other).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(kills)).execute(&mut other).await.unwrap();
        assert_eq!(find(&store, &ada).await.as_ref(), Some(&ada));
        commit(&store, inserting(&user(&format!("{}@example.com", uuid::Uuid::from_u128(1)))))
            .await;
        raw(&store, "DELETE FROM users WHERE email LIKE '00000000%'").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_is_not_waited_for_for_ever() {
    let server = MariaDb::start().unwrap();
    let options = MySqlOptions::parse(server.url()).unwrap().with_connections(3);
    let store = MySqlStore::open_with(options).await.unwrap();
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;

    server.pause();
    let impatient = impatient(&store, Duration::from_millis(500));
    let begun = Instant::now();
    for _ in 0..4 {
        let fault = impatient.commit(inserting(&user("bob@example.com"))).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    server.resume();
    assert_eq!(find(&store, &ada).await, Some(ada));
    let bob = user("bob@example.com");
    let _ = store.commit(inserting(&bob)).await.unwrap();
    let key = UserKey::Email(bob.email.key().clone());
    assert!(store.find_user(FindUser { key }).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_faults_by_what_they_mean() {
    let (_database, store) = scratch().await;
    let kinds = [
        (
            FaultKind::Unavailable,
            [
                code::TOO_MANY_CONNECTIONS,
                code::TOO_MANY_CONNECTIONS_OF_USER,
                code::SHUTDOWN,
                code::READ_ONLY_OPTION,
                code::READ_ONLY_MODE,
                code::READ_ONLY_TRANSACTION,
                code::DISK_FULL,
                code::TABLE_FULL,
                code::UNKNOWN_COMMAND,
                code::STATEMENT_TIMEOUT,
                code::QUERY_TIMEOUT,
                code::INTERRUPTED,
            ]
            .as_slice(),
        ),
        (FaultKind::Overloaded, &[code::DEADLOCK, code::LOCK_WAIT_TIMEOUT]),
        (FaultKind::Corrupt, &[code::CRASHED_TABLE, code::NOT_A_KEY_FILE, code::CORRUPT_INDEX]),
        (FaultKind::Internal, &[code::ACCESS_DENIED, code::NO_SUCH_TABLE, 1064, 1406, 4025]),
    ];
    for (kind, numbers) in kinds {
        for number in numbers {
            let signal = format!(
                "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {number}, MESSAGE_TEXT = 'as it says'"
            );
            let signal = sqlx::raw_sql(sqlx::AssertSqlSafe(signal));
            let error = signal.execute(&mut store.database.apart().await).await.unwrap_err();
            assert_eq!(fault::fault(error).kind(), kind, "{number}");
        }
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_may_only_be_read_is_unavailable_to_writers() {
    let server = MariaDb::start().unwrap();
    let root = MySqlStore::open(server.url()).await.unwrap();
    raw(&root, "CREATE USER pat@'%'; GRANT ALL ON test.* TO pat@'%'; SET GLOBAL read_only = 1")
        .await;
    let store = MySqlStore::open(&server.url().replace("root@", "pat@")).await.unwrap();
    let ada = user("ada@example.com");
    let fault = store.commit(inserting(&ada)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
    assert_eq!(find(&store, &ada).await, None);
    raw(&root, "SET GLOBAL read_only = 0").await;
    commit(&store, inserting(&ada)).await;
}
