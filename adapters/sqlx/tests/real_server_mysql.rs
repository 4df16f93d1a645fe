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

/// With the tables in another database than that of the connection and under a prefix, and users in a table of the
/// application's own in a third one.
mod mapped {
    use sqlx::{AssertSqlSafe, Connection, MySqlConnection};
    use testudo_sqlx::mysql::MySqlOptions;

    use super::*;

    #[path = "mod.rs"]
    mod names;

    fn on_fresh_records(test: impl AsyncFnOnce(MySqlStore)) {
        let (auth, crm) =
            (Database::mysql().expect("a database"), Database::mysql().expect("a database"));
        in_fresh_database(async |url| {
            let store = open(url, name(&auth), name(&crm)).await;
            test(store.clone()).await;
            store.close().await;
        });
    }

    conformance_tests!(on_fresh_records);

    fn name(database: &Database) -> &str {
        let path = database.url().rsplit_once('/').expect("a path").1;
        path.split_once('?').map_or(path, |(name, _)| name)
    }

    async fn open(url: &str, auth: &str, crm: &str) -> MySqlStore {
        let members = names::create(&format!("`{crm}`.`Members`"), '`', |kind| match kind {
            names::Type::Uuid => "BINARY(16)",
            names::Type::Key => "VARBINARY(1024)",
            names::Type::Text => "TEXT",
            names::Type::LongText => "LONGTEXT",
            names::Type::Bool => "BOOLEAN",
            names::Type::Int => "BIGINT",
            names::Type::Bytes => "BLOB",
        });
        let members = format!("{members} DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
        let mut connection = MySqlConnection::connect(url).await.expect("a connection");
        sqlx::raw_sql(AssertSqlSafe(members)).execute(&mut connection).await.expect("a table");
        connection.close().await.expect("a good-bye");
        let users = names::members().in_schema(crm).expect("a name");
        let naming = names::naming(users).in_schema(auth).expect("a name");
        let options = MySqlOptions::parse(url).expect("a URL").with_naming(naming);
        MySqlStore::open_with(options).await.expect("a store")
    }
}

fn in_fresh_database(test: impl AsyncFnOnce(&str)) {
    let database = Database::mysql().expect("a database");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(test(database.url()));
}

async fn open(url: &str) -> MySqlStore {
    MySqlStore::open(url).await.expect("a store")
}
