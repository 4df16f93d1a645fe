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

/// Under a prefix, and with users in a table of the application's own.
mod mapped {
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

    use super::*;

    #[path = "mod.rs"]
    mod names;

    fn on_fresh_records(test: impl AsyncFnOnce(SqliteStore)) {
        in_fresh_directory(async |file| test(open(file).await).await);
    }

    conformance_tests!(on_fresh_records);

    async fn open(file: &Path) -> SqliteStore {
        let members = names::create("\"Members\"", '"', |kind| match kind {
            names::Type::Uuid | names::Type::Bytes => "BLOB",
            names::Type::Key => "TEXT COLLATE BINARY",
            names::Type::Text | names::Type::LongText => "TEXT",
            names::Type::Bool => "BOOLEAN",
            names::Type::Int => "BIGINT",
        });
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let mut connection = options.connect().await.expect("a file");
        sqlx::raw_sql(AssertSqlSafe(members)).execute(&mut connection).await.expect("a table");
        connection.close().await.expect("a good-bye");
        let naming = names::naming(names::members());
        SqliteStore::open_with(file, naming).await.expect("a store")
    }
}

fn in_fresh_directory(test: impl AsyncFnOnce(&Path)) {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(test(&directory.path().join("records.db")));
}

async fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file).await.expect("a store")
}
