//! Looking at what is missing, and a migration that comes later.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::mysql::MySqlRow;
use sqlx::{MySqlConnection, Row, SqlSafeStr};
use testudo_test_servers::Database;

use crate::Naming;
use crate::mysql::fixtures::{raw, scratch};
use crate::mysql::open::{MIGRATIONS, layout, migrate, missing};
use crate::mysql::{MySqlOptions, MySqlStore, OpenError};

/// Every column of every table, with its place in indexes.
async fn schema(connection: &mut MySqlConnection) -> Vec<String> {
    let columns = "SELECT CONCAT_WS(' ', table_name, column_name, column_type, is_nullable, \
            column_key, column_default) AS line \
        FROM information_schema.columns WHERE table_schema = DATABASE() \
        UNION SELECT CONCAT_WS(' ', table_name, index_name, seq_in_index, column_name) \
        FROM information_schema.statistics WHERE table_schema = DATABASE() ORDER BY line";
    let rows = sqlx::query(columns).fetch_all(connection).await.unwrap();
    rows.iter().map(|row: &MySqlRow| row.try_get_unchecked(0).unwrap()).collect()
}

/// The migrations that there are, and one more.
fn with_second(sql: &'static str) -> Migrator {
    let sql = sql.into_sql_str();
    let second = Migration::new(2, "later".into(), MigrationType::Simple, sql, false);
    Migrator::with_migrations(MIGRATIONS.iter().cloned().chain([second]).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_what_is_missing_changes_nothing() {
    let (elsewhere, root) = scratch().await;
    let database = Database::mysql().unwrap();
    let options = MySqlOptions::parse(database.url()).unwrap();
    let mut connection = options.connect().await.unwrap();
    let own = sqlx::raw_sql("CREATE TABLE orders (id BIGINT)");
    own.execute(&mut connection).await.unwrap();
    // The server itself refuses what would change anything.
    let path = database.url().rsplit_once('/').unwrap().1;
    let name = path.split_once('?').map_or(path, |(name, _)| name);
    let reader = format!("r{}", std::process::id());
    raw(
        &root,
        format!(
            "CREATE OR REPLACE USER {reader}@'%' IDENTIFIED BY 'secret'; GRANT SELECT ON {name}.* TO {reader}@'%'"
        ),
    )
    .await;
    let read_only = database.url().replace("root@", &format!("{reader}:secret@"));
    let pending = async |naming: &Naming| {
        let options = MySqlOptions::parse(&read_only).unwrap().with_naming(naming.clone());
        MySqlStore::pending_migrations(options).await.unwrap()
    };
    for naming in [Naming::new(), Naming::new().with_prefix("t_").unwrap()] {
        let before = schema(&mut connection).await;
        let first = pending(&naming).await;
        assert!(first[0].sql.contains("CREATE TABLE"), "{first:?}");
        assert_eq!(pending(&naming).await, first);
        assert_eq!(schema(&mut connection).await, before);

        let options = options.clone().with_naming(naming.clone());
        let store = MySqlStore::open_with(options).await.unwrap();
        let made = schema(&mut connection).await;
        assert!(made.len() > before.len());
        assert_eq!(pending(&naming).await, []);
        assert_eq!(schema(&mut connection).await, made);
        store.close().await;
    }
    raw(&root, format!("DROP USER {reader}@'%'")).await;
    root.close().await;
    drop(elsewhere);
}

/// The server commits statement by statement: what a migration did before it failed is there.
#[tokio::test(flavor = "multi_thread")]
async fn a_later_migration_that_failed_in_the_middle_is_pending_and_gone_on_with_once() {
    for prefix in ["", "t_"] {
        let (database, plain) = scratch().await;
        let naming = Naming::new().with_prefix(prefix).unwrap();
        let options = MySqlOptions::parse(database.url()).unwrap().with_naming(naming);
        MySqlStore::open_with(options.clone()).await.unwrap().close().await;
        let layout = layout(&options);
        let mut connection = plain.database.apart().await;

        let broken = with_second(
            "CREATE TABLE IF NOT EXISTS places (name TEXT); ALTER TABLE nowhere MODIFY name TEXT",
        );
        let error = migrate(&mut connection, &layout, &broken).await.unwrap_err();
        assert!(matches!(error, OpenError::Migration { version: 2, .. }), "{error}");
        raw(&plain, format!("INSERT INTO {prefix}places VALUES ('here')")).await;
        let left = missing(&mut connection, &layout, &broken).await.unwrap();
        assert_eq!(left.iter().map(|migration| migration.version).collect::<Vec<_>>(), [2]);

        let mended = with_second(
            "CREATE TABLE IF NOT EXISTS places (name TEXT); \
             CREATE TABLE IF NOT EXISTS streets (name TEXT)",
        );
        let mut other = plain.database.apart().await;
        let (one, two) = tokio::join!(
            migrate(&mut connection, &layout, &mended),
            migrate(&mut other, &layout, &mended),
        );
        one.and(two).unwrap();
        assert!(missing(&mut connection, &layout, &mended).await.unwrap().is_empty());
        let both = format!("INSERT INTO {prefix}streets SELECT name FROM {prefix}places");
        raw(&plain, both).await;
        let error = MySqlStore::open_with(options).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer(2)), "{error}");
        plain.close().await;
    }
}
