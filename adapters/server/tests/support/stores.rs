//! What the servers of a test keep their records in.
//!
//! `TESTUDO_TEST_STORES` says which stores a run of the tests is about: one for everything, or with `+` another for
//! sessions and attempts, such as `postgres`, `mysql+redis` or `postgres+redis-cluster`. Without it everything is in
//! SQLite, in a file beside each test.

/// Stores that nobody else uses.
pub(crate) struct Stores {
    /// What is given to each server and command, so that options of a test still win.
    variables: Vec<(&'static str, String)>,
}

impl Stores {
    /// The stores that this run is about.
    pub(crate) fn fresh() -> Self {
        match std::env::var("TESTUDO_TEST_STORES").as_deref() {
            Err(_) | Ok("" | "sqlite") => Self::sqlite(),
            Ok(other) => panic!("there is no {other} to test with"),
        }
    }

    /// What is there when nothing is said.
    pub(crate) const fn sqlite() -> Self {
        Self { variables: Vec::new() }
    }

    /// Those that a test made itself.
    pub(crate) fn in_variables(variables: impl Into<Vec<(&'static str, String)>>) -> Self {
        Self { variables: variables.into() }
    }

    /// Who is to use the stores finds them in these variables.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str()))
    }
}
