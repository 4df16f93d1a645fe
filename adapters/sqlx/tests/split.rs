//! SQLite and memory as one store, either with either part, against the suite of all stores.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use testudo::command::Part;
use testudo_driver::{Split, conformance_tests};
use testudo_memory::MemoryStore;
use testudo_sqlx::SqliteStore;

const FAST: [Part; 3] = [Part::Sessions, Part::Counters, Part::Onboarding];

/// What must last in the file.
mod users_and_outbox_in_a_file {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Split)) {
        with_a_file(async |file| test(Split::new(file).place(FAST, MemoryStore::new())).await);
    }

    conformance_tests!(on_fresh_records, over_several_stores);
}

/// The other way round: a file that holds sessions of users that it does not know.
mod sessions_counters_and_onboarding_in_a_file {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Split)) {
        with_a_file(async |file| test(Split::new(MemoryStore::new()).place(FAST, file)).await);
    }

    conformance_tests!(on_fresh_records, over_several_stores);
}

fn with_a_file(test: impl AsyncFnOnce(SqliteStore)) {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let file = SqliteStore::open(directory.path().join("records.db")).await.expect("a store");
        test(file).await;
    });
}
