//! Opening: many at once, under other names, over what is there.

use std::time::Duration;

use sqlx::Connection;
use sqlx::migrate::Migrate;
use testudo_driver::Store;
use testudo_test_servers::Database;

use super::super::OpenError;
use super::{options, run, scratch};
use crate::laws::fixtures::{commit, inserting, user};
use crate::laws::own_users::{
    PEOPLE, accounts_are_swept_and_addresses_are_unique, fields_of_the_profile_are_columns, naming,
};
use crate::sql::migrations;
use crate::{Naming, PostgresStore};

#[tokio::test(flavor = "multi_thread")]
async fn many_nodes_may_start_at_once_on_an_empty_database() {
    let database = Database::postgres().unwrap();
    all_start_at_once_on(&database).await;
}

/// Who waited for the first one must see what it made.
#[tokio::test(flavor = "multi_thread")]
async fn they_may_also_where_transactions_see_what_was_there_when_they_began() {
    all_start_at_once_on(&with_snapshots().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_makes_the_lock_as_somebody_else_does_goes_on_when_it_is_there() {
    let database = with_snapshots().await;
    let connect = async || sqlx::PgConnection::connect(database.url()).await.unwrap();
    let (mut faster, mut observer) = (connect().await, connect().await);
    faster.ensure_migrations_table(migrations::TABLE).await.unwrap();
    let mut making = faster.begin().await.unwrap();
    let row = "INSERT INTO _testudo_migrations VALUES (0, 'lock', now(), TRUE, '', 0)";
    sqlx::raw_sql(row).execute(&mut *making).await.unwrap();
    let opening = tokio::spawn({
        let options = options(&database);
        async move { PostgresStore::open_with(options).await }
    });
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&mut observer).await.unwrap() {
        assert!(!opening.is_finished(), "it waits for nobody");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    making.commit().await.unwrap();
    opening.await.unwrap().unwrap().ping().await.unwrap();
}

/// A database whose transactions see what was there when they began.
async fn with_snapshots() -> Database {
    let database = Database::postgres().unwrap();
    let mut connection = sqlx::PgConnection::connect(database.url()).await.unwrap();
    let isolated = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I \
        SET default_transaction_isolation = ''repeatable read''', current_database()); END $$";
    sqlx::raw_sql(isolated).execute(&mut connection).await.unwrap();
    database
}

async fn all_start_at_once_on(database: &Database) {
    let openers: Vec<_> = (0..24)
        .map(|_| {
            let options = options(database).with_connections(2);
            tokio::spawn(async move { PostgresStore::open_with(options).await })
        })
        .collect();
    for opener in openers {
        opener.await.unwrap().unwrap().ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_and_prefixes_keep_stores_apart() {
    let (database, plain) = scratch().await;
    run(&plain, "CREATE SCHEMA auth").await;
    let named = [
        Naming::new().with_prefix("One_").unwrap(),
        Naming::new().in_schema("auth").unwrap(),
        Naming::new().in_schema("auth").unwrap().with_prefix("two_").unwrap(),
    ];
    commit(&plain, inserting(&user("ada@example.com"))).await;
    for naming in named {
        let options = options(&database).with_naming(naming.clone());
        let pending = PostgresStore::pending_migrations(options.clone()).await.unwrap();
        assert!(!pending.is_empty());
        let store = PostgresStore::open_with(options.clone()).await.unwrap();
        commit(&store, inserting(&user("ada@example.com"))).await;
        assert!(store.commit(inserting(&user("ada@example.com"))).await.unwrap().is_err());
        store.begin_events("log".to_owned()).await.unwrap();
        assert!(PostgresStore::pending_migrations(options.clone()).await.unwrap().is_empty());
        PostgresStore::open_with(options).await.unwrap();
    }
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'auth'";
    let tables: i64 =
        sqlx::query_scalar(tables).fetch_one(&mut plain.database.apart().await).await.unwrap();
    assert_eq!(tables, 22, "ten tables and one of migrations, twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_that_were_carried_out_by_hand_are_known() {
    let database = Database::postgres().unwrap();
    let mut by_hand = sqlx::PgConnection::connect(database.url()).await.unwrap();
    sqlx::raw_sql("CREATE SCHEMA auth").execute(&mut by_hand).await.unwrap();
    let named = Naming::new().in_schema("auth").unwrap().with_prefix("two_").unwrap();
    for naming in [Naming::new(), named] {
        let options = options(&database).with_naming(naming);
        for migration in PostgresStore::pending_migrations(options.clone()).await.unwrap() {
            let script = sqlx::AssertSqlSafe(migration.sql);
            sqlx::raw_sql(script).execute(&mut by_hand).await.unwrap();
        }
        assert_eq!(PostgresStore::pending_migrations(options.clone()).await.unwrap(), []);
        let store = PostgresStore::open_with(options).await.unwrap();
        commit(&store, inserting(&user("ada@example.com"))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn users_may_be_in_a_table_of_the_applications() {
    let (database, other) = scratch().await;
    let people = PEOPLE
        .replace("{uuid}", "UUID")
        .replace("{bool}", "BOOLEAN")
        .replace("{bytes}", "BYTEA")
        .replace("{key}", "VARCHAR(300)");
    run(&other, &people).await;
    let naming = naming().with_prefix("t_").unwrap();
    let store = PostgresStore::open_with(options(&database).with_naming(naming)).await.unwrap();
    fields_of_the_profile_are_columns(&store).await;
    run(&other, "DELETE FROM people").await;
    accounts_are_swept_and_addresses_are_unique(&store).await;
    let made = "SELECT to_regclass('t_users') IS NULL AND to_regclass('t_sessions') IS NOT NULL";
    assert!(
        sqlx::query_scalar::<_, bool>(made)
            .fetch_one(&mut other.database.apart().await)
            .await
            .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_a_table_is_told_at_once() {
    let (database, other) = scratch().await;
    run(
        &other,
        "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    )
    .await;
    let people = PEOPLE
        .replace("{uuid}", "UUID")
        .replace("is_active {bool}", "is_active BIGINT")
        .replace("{bool}", "BOOLEAN")
        .replace("{bytes}", "BYTEA")
        .replace("mail_key {key} NOT NULL UNIQUE", "mail_key TEXT COLLATE loose NOT NULL UNIQUE")
        .replace("NOT NULL PRIMARY KEY", "NOT NULL PRIMARY KEY DEFERRABLE INITIALLY DEFERRED")
        .replace("{key}", "TEXT")
        .replace("epoch BIGINT NOT NULL", "epoch INTEGER NOT NULL")
        .replace("version BIGINT NOT NULL,", "")
        .replace("visits BIGINT NOT NULL DEFAULT 0", "visits BIGINT NOT NULL");
    run(&other, &people).await;
    let naming = naming().with_prefix("t_").unwrap();
    let error = PostgresStore::open_with(options(&database).with_naming(naming)).await.unwrap_err();
    let OpenError::UserTable(error) = error else { panic!("{error}") };
    assert_eq!(
        error.problems,
        [
            "person (for id) must be unique",
            "mail_key (for email_key) holds text under a collation that is not exact, not a text",
            "is_active holds bigint, not true or false",
            "epoch holds integer, not an integer of 64 bits",
            "version is missing",
            "visits must have a default or take NULL",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_and_left_alone() {
    let (database, store) = scratch().await;
    let open = async || PostgresStore::open_with(options(&database)).await.unwrap_err();
    run(&store, "UPDATE _testudo_migrations SET checksum = '' WHERE version = 1").await;
    let error = open().await;
    assert!(matches!(error, OpenError::Changed(1)), "{error}");
    run(&store, "INSERT INTO _testudo_migrations VALUES (9999, 'later', now(), TRUE, '', 0)").await;
    let error = open().await;
    assert!(matches!(error, OpenError::Newer(9999)), "{error}");

    let shop = Database::postgres().unwrap();
    let pool = sqlx::PgPool::connect(shop.url()).await.unwrap();
    sqlx::raw_sql("CREATE TABLE sessions (name TEXT)").execute(&pool).await.unwrap();
    let error = PostgresStore::open(shop.url()).await.unwrap_err();
    assert!(matches!(error, OpenError::OtherTables(_)), "{error}");
    let made = "SELECT to_regclass('users') IS NULL";
    let nothing: bool = sqlx::query_scalar(made).fetch_one(&pool).await.unwrap();
    assert!(nothing, "a migration that failed was applied in part");
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_database_cannot_be_opened_is_told_and_nothing_of_the_url() {
    let database = Database::postgres().unwrap();
    let with = |from: &str, to: &str| database.url().replacen(from, to, 1);
    let refusal = async |url: &str| PostgresStore::open(url).await.unwrap_err();
    let error = refusal(&with("postgres@", "nobody:hunter7031@")).await;
    assert!(matches!(error, OpenError::Denied(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter7031"));
    let (server, _) = database.url().rsplit_once('/').unwrap();
    let error = refusal(&format!("{server}/missing?sslmode=disable")).await;
    assert!(matches!(error, OpenError::NoDatabase(_)), "{error}");
    let error = refusal("postgres://postgres:hunter7031@127.0.0.1:1/postgres").await;
    assert!(matches!(error, OpenError::Unreachable(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter7031"));
    let separator = if database.url().contains('?') { '&' } else { '?' };
    let error = refusal(&format!("{}{separator}schema=missing", database.url())).await;
    assert!(matches!(error, OpenError::NoSchema(_)), "{error}");
}
