//! What the servers of a test keep their records in.
//!
//! `TESTUDO_TEST_STORES` says which stores a run of the tests is about: one for everything, or with `+` another for
//! sessions and attempts, or two others, such as `postgres`, `mysql+redis` or `sqlite+redis+redis-cluster`. Without it
//! everything is in SQLite, in a file beside each test.

use testudo_test_servers::{Database, Redis, RedisCluster, unique_name};

/// Stores that nobody else uses.
pub(crate) struct Stores {
    /// What is given to each server and command, so that options of a test still win.
    variables: Vec<(&'static str, String)>,
    /// Dropped when the test is over.
    _databases: Vec<Database>,
}

/// The secret of servers that keep nothing in a file.
pub(crate) const SECRET: &str = "the-secret-of-all-tests-that-need-one-5tXq81";

impl Stores {
    /// The stores that this run is about.
    pub(crate) fn fresh() -> Self {
        let chosen = std::env::var("TESTUDO_TEST_STORES").unwrap_or_default();
        let (database, others) = chosen.split_once('+').unwrap_or((&chosen, ""));
        let (sessions, limits) = others.split_once('+').unwrap_or((others, ""));
        let mut databases = Vec::new();
        let mut variables = Vec::new();
        if let Some(url) = place(database, &mut databases) {
            variables.push(("TESTUDO_DATABASE", url));
            variables.push(("TESTUDO_SECRET", SECRET.to_owned()));
        }
        if let Some(url) = place(sessions, &mut databases) {
            let apart = place(limits, &mut databases);
            variables.push(("TESTUDO_LIMITS", apart.unwrap_or_else(|| url.clone())));
            variables.push(("TESTUDO_SESSIONS", url));
        }
        Self { variables, _databases: databases }
    }

    /// What is there when nothing is said.
    pub(crate) const fn sqlite() -> Self {
        Self { variables: Vec::new(), _databases: Vec::new() }
    }

    /// Those that a test made itself.
    pub(crate) fn in_variables(variables: impl Into<Vec<(&'static str, String)>>) -> Self {
        Self { variables: variables.into(), _databases: Vec::new() }
    }

    /// The master secret, if it is not in a file beside the database.
    pub(crate) fn secret(&self) -> Option<&'static str> {
        self.variables().any(|(name, _)| name == "TESTUDO_SECRET").then_some(SECRET)
    }

    /// Who is to use the stores finds them in these variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// An empty place in a store of a kind: a database of its own, or keys with a prefix of their own.
fn place(kind: &str, databases: &mut Vec<Database>) -> Option<String> {
    let mut in_database = |database: Database| {
        let url = database.url().to_owned();
        databases.push(database);
        Some(url)
    };
    let prefixed = |url: &str| Some(format!("{url}?prefix={}", unique_name()));
    match kind {
        "" | "sqlite" => None,
        "postgres" => in_database(Database::postgres().unwrap()),
        "mysql" => in_database(Database::mysql().unwrap()),
        "redis" => prefixed(Redis::shared().unwrap()),
        "redis-cluster" => {
            let nodes = RedisCluster::shared().unwrap().replace("redis://", "");
            prefixed(&format!("redis-cluster://{nodes}"))
        }
        other => panic!("there is no {other} to test with"),
    }
}
