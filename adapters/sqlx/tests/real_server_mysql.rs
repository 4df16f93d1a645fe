//! The MySQL store against the suite of all stores, on a real MariaDB.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use testudo_driver::conformance_tests;
use testudo_sqlx::MySqlStore;
use testudo_test_servers::Database;

fn on_fresh_records(test: impl AsyncFnOnce(MySqlStore)) {
    in_fresh_database(async |url| {
        let store = open(url).await;
        test(store.clone()).await;
        store.close().await;
    });
}

conformance_tests!(on_fresh_records);

/// As two servers with one database.
mod two_nodes {
    use testudo_driver::conformance::Nodes;

    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<MySqlStore>)) {
        in_fresh_database(async |url| {
            let (one, other) = (open(url).await, open(url).await);
            test(Nodes::new(one.clone(), [other.clone()])).await;
            one.close().await;
            other.close().await;
        });
    }

    conformance_tests!(on_fresh_records);
}

fn in_fresh_database(test: impl AsyncFnOnce(&str)) {
    let database = Database::mysql().expect("a database");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(test(database.url()));
}

async fn open(url: &str) -> MySqlStore {
    MySqlStore::open(url).await.expect("a store")
}
