//! Bringing accounts along into a database that goes away meanwhile.

use std::thread;
use std::time::Duration;

use testudo_test_servers::{Options, Postgres};

use crate::imports::many;
use crate::imports_underway::Underway;
use crate::support::{Site, Stores, printed_json};

const ACCOUNTS: usize = 12_000;

#[test]
fn an_import_waits_for_a_database_that_is_started_anew() {
    let server = Postgres::start_with(&Options::durable()).unwrap();
    let secret = "a secret that outlives the database".to_owned();
    let variables = [("TESTUDO_DATABASE", server.url().to_owned()), ("TESTUDO_SECRET", secret)];
    let site = Site::over(Stores::in_variables(variables));
    let import = Underway::begin_with(&site, &["--json"], many(ACCOUNTS));
    import.wait_for(1000);
    for _ in 0..2 {
        server.kill_9().unwrap();
        thread::sleep(Duration::from_millis(500));
        server.restart().unwrap();
        thread::sleep(Duration::from_millis(200));
    }
    let done = printed_json(&import.process.wait_with_output().unwrap());
    // What was done without an answer is there when it is asked for again.
    let count = |name: &str| done[name].as_u64().unwrap();
    assert_eq!(count("imported") + count("existed"), ACCOUNTS as u64, "{done}");
    assert!(count("existed") <= 1000, "two batches at most: {done}");
    assert_eq!(done["complete"], true);
    assert_eq!(site.users().len(), ACCOUNTS);
}
