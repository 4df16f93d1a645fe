//! The suite where the tables are in a schema and under a prefix, and users in a table of the application's own in
//! another schema.

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use testudo_driver::conformance_tests;
use testudo_sqlx::PostgresStore;
use testudo_sqlx::postgres::PostgresOptions;

use super::in_fresh_database;

#[path = "../mapped/mod.rs"]
mod names;

fn on_fresh_records(test: impl AsyncFnOnce(PostgresStore)) {
    in_fresh_database(async |url| test(open(url).await).await);
}

conformance_tests!(on_fresh_records);

async fn open(url: &str) -> PostgresStore {
    let members = names::create("crm.\"Members\"", '"', |kind| match kind {
        names::Type::Uuid => "UUID",
        names::Type::Key => "VARCHAR(300) COLLATE \"C\"",
        names::Type::Text | names::Type::LongText => "TEXT",
        names::Type::Bool => "BOOLEAN",
        names::Type::Int => "BIGINT",
        names::Type::Bytes => "BYTEA",
    });
    let schemas = format!("CREATE SCHEMA \"Auth\"; CREATE SCHEMA crm; {members}");
    let mut connection = PgConnection::connect(url).await.expect("a connection");
    sqlx::raw_sql(AssertSqlSafe(schemas)).execute(&mut connection).await.expect("schemas");
    connection.close().await.expect("a good-bye");
    let users = names::members().in_schema("crm").expect("a name");
    let naming = names::naming(users).in_schema("Auth").expect("a name");
    let options = PostgresOptions::parse(url).expect("a URL").with_naming(naming);
    PostgresStore::open_with(options).await.expect("a store")
}
