//! The SQLite store against the suite of all stores, on real files.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use std::path::Path;

use testudo_driver::conformance_tests;
use testudo_sqlx::SqliteStore;

fn on_fresh_records(test: impl AsyncFnOnce(SqliteStore)) {
    in_fresh_directory(async |file| test(open(file).await).await);
}

conformance_tests!(on_fresh_records);

/// As a server and a command-line tool on one file.
mod two_processes {
    use testudo_driver::conformance::Nodes;

    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<SqliteStore>)) {
        in_fresh_directory(async |file| {
            let (server, tool) = (open(file).await, open(file).await);
            test(Nodes::new(server, [tool])).await;
        });
    }

    conformance_tests!(on_fresh_records);
}

fn in_fresh_directory(test: impl AsyncFnOnce(&Path)) {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(test(&directory.path().join("records.db")));
}

async fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file).await.expect("a store")
}
