//! The Postgres store, on a real server.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use testudo_driver::conformance_tests;
use testudo_sqlx::PostgresStore;
use testudo_test_servers::Database;

mod mapped;

/// One node.
mod one_node {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(PostgresStore)) {
        in_fresh_database(async |url| test(open(url).await).await);
    }

    conformance_tests!(on_fresh_records);
}

/// As two servers on one database.
mod two_nodes {
    use testudo_driver::conformance::Nodes;

    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<PostgresStore>)) {
        in_fresh_database(async |url| {
            let (one, other) = (open(url).await, open(url).await);
            test(Nodes::new(one, [other])).await;
        });
    }

    conformance_tests!(on_fresh_records);
}

fn in_fresh_database(test: impl AsyncFnOnce(&str)) {
    let database = Database::postgres().expect("a database");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(test(database.url()));
}

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url).await.expect("a store")
}
