//! What `testudo migrate --dry-run` says on databases with a server of their own.

use testudo_test_servers::Database;

use crate::support::{Site, Stores, printed};

#[test]
fn a_dry_run_on_postgres_says_what_would_be_done_and_does_nothing() {
    let tables = "SELECT string_agg(tablename, ' ' ORDER BY tablename) FROM pg_tables \
        WHERE schemaname = 'public'";
    foretells_and_does_nothing(&Database::postgres().unwrap(), tables);
}

#[test]
fn a_dry_run_on_mariadb_says_what_would_be_done_and_does_nothing() {
    let tables = "SELECT COALESCE(GROUP_CONCAT(table_name ORDER BY table_name SEPARATOR ' '), '') \
        FROM information_schema.tables WHERE table_schema = DATABASE()";
    foretells_and_does_nothing(&Database::mysql().unwrap(), tables);
}

/// `tables` asks a database for the names of those that there are.
fn foretells_and_does_nothing(database: &Database, tables: &str) {
    let site = Site::over(Stores::in_variables([("TESTUDO_DATABASE", database.url().to_owned())]));
    let tables = || database.ask(tables).unwrap();
    for _ in 0..2 {
        let told = printed(&site.run(&["migrate", "--dry-run"], ""));
        assert!(told.contains("what `testudo migrate` would do"), "{told}");
        assert!(told.contains("CREATE TABLE") && told.contains("sessions"), "{told}");
        assert_eq!(tables(), "");
    }

    let done = printed(&site.run(&["migrate"], ""));
    assert!(done.contains("are up to date"), "{done}");
    let made = tables();
    assert!(made.contains("sessions"), "{made}");
    let told = printed(&site.run(&["migrate", "--dry-run"], ""));
    assert!(told.contains("are up to date") && !told.contains("CREATE"), "{told}");
    assert_eq!(tables(), made);
}
