//! Stores for the tests of this module.

use tempfile::TempDir;

use super::SqliteStore;
pub(super) use crate::laws::fixtures::*;
use crate::sql::Sql;

/// An empty store in a directory of its own, which is removed when it goes out of scope.
pub(super) async fn scratch() -> (TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("records.db")).await.unwrap();
    (directory, store)
}

/// How SQLite would carry a statement out.
pub(super) async fn plan(store: &SqliteStore, sql: &Sql) -> String {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", sql.as_str()));
    let rows = sqlx::query(explain).fetch_all(&store.readers).await.unwrap();
    let details = rows.iter().map(|row| sqlx::Row::get::<String, _>(row, "detail"));
    details.collect::<Vec<_>>().join("; ")
}
