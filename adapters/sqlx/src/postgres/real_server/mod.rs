//! Tests on a real server that look inside the store.

mod contention;
mod events;
mod failover;
mod faults;
mod lost_answers;
mod migrating;
mod one_statement;
mod opening;
mod plans;
mod records;
mod retries;
mod sweeping;
mod tls;

use sqlx::AssertSqlSafe;
use testudo_test_servers::Database;

use super::{PostgresOptions, PostgresStore};

/// An empty store in a database of its own, which is dropped when it goes out of scope.
async fn scratch() -> (Database, PostgresStore) {
    let database = Database::postgres().unwrap();
    let store = PostgresStore::open_with(options(&database)).await.unwrap();
    (database, store)
}

fn options(database: &Database) -> PostgresOptions {
    PostgresOptions::parse(database.url()).unwrap()
}

/// Runs statements that are none of the store's.
async fn run(store: &PostgresStore, statements: &str) {
    let statements = AssertSqlSafe(statements.to_owned());
    sqlx::raw_sql(statements).execute(&mut store.database.apart().await).await.unwrap();
}
