//! Opening a database, whatever is there.

use testudo::command::{FindUser, UserKey};
use testudo_driver::Store;
use testudo_test_servers::{Database, MariaDb, Options};

use crate::Naming;
use crate::mysql::fixtures::{commit, inserting, number, raw, scratch, trail, user};
use crate::mysql::{MySqlOptions, MySqlStore, OpenError};

async fn refusal(url: &str) -> OpenError {
    let error = MySqlStore::open(url).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    error
}

fn name(database: &Database) -> &str {
    let path = database.url().rsplit_once('/').unwrap().1;
    path.split_once('?').unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_open_an_empty_database_at_once_make_the_tables_once() {
    let (database, other) = (Database::mysql().unwrap(), Database::mysql().unwrap());
    let openers: Vec<_> = (0..12)
        .map(|number| {
            // Half of them come by way of another database of the server.
            let by_way = format!("{}&schema={}", other.url(), name(&database));
            let url = if number % 2 == 0 { database.url().to_owned() } else { by_way };
            tokio::spawn(async move {
                let options = MySqlOptions::parse(&url).unwrap().with_connections(2);
                MySqlStore::open_with(options).await.unwrap()
            })
        })
        .collect();
    for (opener, number) in openers.into_iter().zip(0..) {
        let store = opener.await.unwrap();
        commit(&store, inserting(&user(&format!("ada-{number}@example.com")))).await;
        assert_eq!(trail(&store).await.len(), number + 1);
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_was_stopped_is_gone_on_with() {
    let (database, store) = scratch().await;
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    raw(&store, "UPDATE _testudo_migrations SET success = FALSE; DROP TABLE messages").await;
    store.close().await;

    let options = MySqlOptions::parse(database.url()).unwrap();
    assert_eq!(MySqlStore::pending_migrations(options).await.unwrap().len(), 1);
    let store = MySqlStore::open(database.url()).await.unwrap();
    let found = store.find_user(FindUser { key: UserKey::Id(ada.id) }).await.unwrap();
    assert_eq!(found, Some(ada));
    assert!(
        store
            .take_messages(crate::mysql::fixtures::NOW, crate::mysql::fixtures::NOW, 9)
            .await
            .unwrap()
            .is_empty()
    );
    let options = MySqlOptions::parse(database.url()).unwrap();
    assert_eq!(MySqlStore::pending_migrations(options).await.unwrap(), []);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_that_were_carried_out_by_hand_are_known_and_half_of_one_is_gone_on_with() {
    let prefixed = Naming::new().with_prefix("auth_").unwrap();
    for (naming, is_stopped) in [(Naming::new(), false), (prefixed, false), (Naming::new(), true)] {
        let database = Database::mysql().unwrap();
        let options = MySqlOptions::parse(database.url()).unwrap().with_naming(naming);
        let pending = async || MySqlStore::pending_migrations(options.clone()).await.unwrap();
        let mut by_hand = options.connect().await.unwrap();
        for migration in pending().await {
            let half = migration.sql.rsplit_once("CREATE TABLE").unwrap().0;
            let script = if is_stopped { half } else { &migration.sql };
            let script = sqlx::AssertSqlSafe(script.to_owned());
            sqlx::raw_sql(script).execute(&mut by_hand).await.unwrap();
        }
        assert_eq!(pending().await.is_empty(), !is_stopped);
        let store = MySqlStore::open_with(options.clone()).await.unwrap();
        commit(&store, inserting(&user("ada@example.com"))).await;
        store.close().await;
        assert_eq!(pending().await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_another_prefix_there_are_other_records() {
    let (database, plain) = scratch().await;
    let naming = Naming::new().with_prefix("auth_").unwrap();
    let options = MySqlOptions::parse(database.url()).unwrap().with_naming(naming);
    let prefixed = MySqlStore::open_with(options).await.unwrap();
    let ada = user("ada@example.com");
    commit(&plain, inserting(&ada)).await;
    assert!(trail(&prefixed).await.is_empty());
    commit(&prefixed, inserting(&ada)).await;
    let named = "SELECT COUNT(*) FROM information_schema.tables \
        WHERE table_schema = DATABASE() AND table_name LIKE 'auth\\_%'";
    assert_eq!(number(&plain, named).await, 11, "ten tables, and that of the migrations");
    plain.close().await;
    prefixed.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_may_be_in_another_database_of_the_server() {
    let (here, there) = (Database::mysql().unwrap(), Database::mysql().unwrap());
    let options = MySqlOptions::parse(&format!("{}&schema={}", here.url(), name(&there))).unwrap();
    let store = MySqlStore::open_with(options.clone()).await.unwrap();
    commit(&store, inserting(&user("ada@example.com"))).await;
    assert_eq!(MySqlStore::pending_migrations(options).await.unwrap(), []);
    let plain = MySqlStore::open(there.url()).await.unwrap();
    assert_eq!(trail(&plain).await.len(), 1);
    let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()";
    assert_eq!((number(&store, tables).await, number(&plain, tables).await), (0, 11));
    store.close().await;
    plain.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_others_and_of_other_versions_are_left_alone() {
    let (database, store) = scratch().await;
    raw(&store, "INSERT INTO _testudo_migrations VALUES (9999, 'later', NOW(), TRUE, '', 0)").await;
    assert!(matches!(refusal(database.url()).await, OpenError::Newer(9999)));
    raw(&store, "DELETE FROM _testudo_migrations WHERE version = 9999").await;
    raw(&store, "UPDATE _testudo_migrations SET checksum = 'changed'").await;
    assert!(matches!(refusal(database.url()).await, OpenError::Changed(1)));
    raw(&store, "DROP TABLE _testudo_migrations").await;
    assert!(matches!(refusal(database.url()).await, OpenError::OtherTables(_)));
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_reached_is_said_without_the_password() {
    let (database, store) = scratch().await;
    raw(&store, "CREATE USER IF NOT EXISTS pat@'%' IDENTIFIED BY 'right'").await;
    let url = |user: &str, path: &str| {
        let server = database.url().replace("root@", user);
        format!("{}/{path}", server.rsplit_once('/').unwrap().0)
    };
    let denied = refusal(&url("pat:hunter2@", "x")).await;
    assert!(matches!(denied, OpenError::Denied(_)), "{denied}");
    let none = refusal(&url("root@", "no_such_database")).await;
    assert!(matches!(none, OpenError::NoDatabase(_)), "{none}");
    for url in ["", "mysql://root:hunter2@localhost/", "postgres://hunter2@localhost/x", "hunter2"]
    {
        assert!(matches!(refusal(url).await, OpenError::Url(_)), "{url}");
    }
    let closed = "mysql://root:hunter2@127.0.0.1:1/x";
    assert!(matches!(refusal(closed).await, OpenError::Unreachable(_)));
    store.close().await;
}

/// Once the tables are there.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_only_read_and_write_rows_is_enough() {
    let (database, store) = scratch().await;
    let name = database.url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let user_name = format!("u{}", std::process::id());
    raw(
        &store,
        format!(
            "CREATE OR REPLACE USER {user_name}@'%' IDENTIFIED BY 'secret'; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO {user_name}@'%'"
        ),
    )
    .await;
    let url = database.url().replace("root@", &format!("{user_name}:secret@"));
    let modest = MySqlStore::open(&url).await.unwrap();
    commit(&modest, inserting(&user("ada@example.com"))).await;
    assert_eq!(trail(&store).await.len(), 1);
    modest.close().await;
    raw(&store, format!("DROP USER {user_name}@'%'")).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_settings_may_be_any() {
    let odd = Options::throwaway()
        .argument("--sql-mode=")
        .argument("--character-set-server=latin1")
        .argument("--collation-server=latin1_swedish_ci")
        .argument("--transaction-isolation=SERIALIZABLE")
        .argument("--default-storage-engine=MyISAM")
        .argument("--innodb-lock-wait-timeout=1000")
        .argument("--default-time-zone=+13:00")
        .argument("--autocommit=0");
    let server = MariaDb::start_with(&odd).unwrap();
    let store = MySqlStore::open(server.url()).await.unwrap();
    let session = "SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%' \
        AND @@tx_isolation = 'READ-COMMITTED' AND @@innodb_lock_wait_timeout = 3 AND @@autocommit";
    assert_eq!(number(&store, session).await, 1);
    for address in ["ada@example.com", "Ada@example.com", "ada@example.com ", "\u{1f422}\0"] {
        let ada = user(address);
        let key = UserKey::Email(ada.email.key().clone());
        assert_eq!(store.find_user(FindUser { key: key.clone() }).await.unwrap(), None);
        commit(&store, inserting(&ada)).await;
        assert_eq!(store.find_user(FindUser { key }).await.unwrap(), Some(ada));
    }
    let tables = "SELECT COUNT(*) FROM information_schema.tables \
        WHERE table_schema = DATABASE() AND engine <> 'InnoDB'";
    assert_eq!(number(&store, tables).await, 0);
    store.close().await;
}
