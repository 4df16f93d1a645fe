//! Stores for the tests of this module, on a real server.

use std::time::Duration;

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Row};
use testudo_test_servers::Database;

use super::MySqlStore;
pub(super) use crate::laws::fixtures::*;
use crate::sql::{Link, Sql, Value};

/// An empty store in a database of its own, which is removed when it goes out of scope: close the store before.
pub(super) async fn scratch() -> (Database, MySqlStore) {
    let database = Database::mysql().unwrap();
    let store = MySqlStore::open(database.url()).await.unwrap();
    (database, store)
}

/// The same store, for somebody who waits for so long.
pub(super) fn impatient(store: &MySqlStore, patience: Duration) -> MySqlStore {
    MySqlStore { database: store.database.for_whom_waits(patience), ..store.clone() }
}

/// Carries out statements past the store.
pub(super) async fn raw(store: &MySqlStore, statements: impl Into<String>) {
    let query = sqlx::raw_sql(AssertSqlSafe(statements.into()));
    query.execute(&mut store.database.apart().await).await.unwrap();
}

/// The one number that a query finds.
pub(super) async fn number(store: &MySqlStore, query: impl Into<String>) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.into()))
        .fetch_one(&mut store.database.apart().await)
        .await
        .unwrap()
}

/// How the server would carry a statement out: for each table that it looks at, the index that it goes along, and
/// what it does besides.
pub(super) async fn plan(store: &MySqlStore, sql: &Sql, values: &[Value<'_>]) -> Vec<[String; 3]> {
    let rows = store.database.rows(&sql.explained(), values).await.unwrap();
    let column = |row: &MySqlRow, name| {
        row.try_get_unchecked::<Option<String>, _>(name).unwrap().unwrap_or_default()
    };
    rows.iter().map(|row| ["table", "key", "Extra"].map(|name| column(row, name))).collect()
}
