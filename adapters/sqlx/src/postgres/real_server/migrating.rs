//! Looking at what is missing, and a migration that comes later.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, PgConnection, SqlSafeStr};
use testudo_test_servers::Database;

use super::super::OpenError;
use super::super::open::{MIGRATIONS, migrate, missing};
use super::{options, run, scratch};
use crate::sql::{Dialect, Layout};
use crate::{Naming, PostgresStore};

/// Every table, index and sequence with its columns.
async fn schema(connection: &mut PgConnection) -> Vec<String> {
    let columns = "SELECT format('%s.%s (%s) %s %s %s', relnamespace::regnamespace, relname, relkind, \
            attname, format_type(atttypid, atttypmod), attnotnull) AS line \
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid \
        WHERE relnamespace::regnamespace::text !~ '^pg_|^information_schema$' AND attnum > 0 \
        ORDER BY line";
    sqlx::query_scalar(columns).fetch_all(connection).await.unwrap()
}

/// The number of a migration that comes after those that there are.
const LATER: i64 = 1000;

/// The migrations that there are, and one more.
fn with_later(sql: &'static str) -> Migrator {
    let sql = sql.into_sql_str();
    let later = Migration::new(LATER, "later".into(), MigrationType::Simple, sql, false);
    Migrator::with_migrations(MIGRATIONS.iter().cloned().chain([later]).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_what_is_missing_changes_nothing() {
    let database = Database::postgres().unwrap();
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    let own = "CREATE SCHEMA auth; CREATE TABLE orders (id UUID)";
    sqlx::raw_sql(own).execute(&mut connection).await.unwrap();
    let namings = [
        Naming::new(),
        Naming::new().with_prefix("t_").unwrap(),
        Naming::new().in_schema("auth").unwrap(),
    ];
    // The server itself refuses what would change anything.
    let separator = if database.url().contains('?') { '&' } else { '?' };
    let read_only =
        format!("{}{separator}options[default_transaction_read_only]=on", database.url());
    let pending = async |naming: &Naming| {
        let options = crate::postgres::PostgresOptions::parse(&read_only).unwrap();
        PostgresStore::pending_migrations(options.with_naming(naming.clone())).await.unwrap()
    };
    for naming in namings {
        let before = schema(&mut connection).await;
        let first = pending(&naming).await;
        assert!(first[0].sql.contains("CREATE TABLE"), "{first:?}");
        assert_eq!(pending(&naming).await, first);
        assert_eq!(schema(&mut connection).await, before);

        let store = options(&database).with_naming(naming.clone());
        let store = PostgresStore::open_with(store).await.unwrap();
        let made = schema(&mut connection).await;
        assert!(made.len() > before.len());
        assert_eq!(pending(&naming).await, []);
        assert_eq!(schema(&mut connection).await, made);
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_migration_that_fails_leaves_nothing_and_one_that_does_not_is_applied_once() {
    for prefix in ["", "t_"] {
        let (database, plain) = scratch().await;
        let naming = Naming::new().with_prefix(prefix).unwrap();
        let options = options(&database).with_naming(naming.clone());
        PostgresStore::open_with(options.clone()).await.unwrap();
        let layout = Layout::new(Dialect::Postgres, naming);
        let mut connection = plain.database.apart().await;
        let before = schema(&mut connection).await;

        let broken = with_later(
            "ALTER TABLE sessions ADD COLUMN place TEXT; ALTER TABLE nowhere ADD COLUMN place TEXT",
        );
        migrate(&mut connection, &layout, &broken).await.unwrap_err();
        assert_eq!(schema(&mut connection).await, before);
        // Who does not know of it may go on.
        PostgresStore::open_with(options.clone()).await.unwrap();

        let mended = with_later(
            "ALTER TABLE sessions ADD COLUMN place TEXT; CREATE TABLE places (name TEXT)",
        );
        let left = missing(&mut connection, &layout, &mended).await.unwrap();
        assert_eq!(left.iter().map(|migration| migration.version).collect::<Vec<_>>(), [LATER]);
        let mut other = plain.database.apart().await;
        let (one, two) = tokio::join!(
            migrate(&mut connection, &layout, &mended),
            migrate(&mut other, &layout, &mended),
        );
        one.and(two).unwrap();
        assert!(missing(&mut connection, &layout, &mended).await.unwrap().is_empty());
        let place = format!("INSERT INTO {prefix}places SELECT place FROM {prefix}sessions");
        run(&plain, &place).await;
        let error = PostgresStore::open_with(options).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer(LATER)), "{error}");
    }
}
