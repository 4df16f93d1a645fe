//! The environment variables that name servers for all tests.
//!
//! A test may do with such a server what it likes, so it must be nobody's.

use std::sync::OnceLock;

use crate::Error;

/// A Postgres whose user may create databases: `postgres://user:password@host:port/database`.
pub const POSTGRES: &str = "TESTUDO_TEST_POSTGRES";

/// A MySQL or MariaDB whose user may create databases: `mysql://user:password@host:port/`.
pub const MYSQL: &str = "TESTUDO_TEST_MYSQL";

/// A Redis: `redis://host:port`.
pub const REDIS: &str = "TESTUDO_TEST_REDIS";

/// The nodes of a Redis Cluster, separated by commas: `redis://host:port,redis://host:port,…`.
pub const REDIS_CLUSTER: &str = "TESTUDO_TEST_REDIS_CLUSTER";

/// A server that lives as long as this process, and its URL.
pub(crate) type Shared<S> = OnceLock<Result<(String, Option<S>), Error>>;

/// The URL in `variable`, or that of a server which is started now.
pub(crate) fn shared<S>(
    shared: &'static Shared<S>,
    variable: &str,
    start: impl FnOnce() -> Result<(String, S), Error>,
) -> Result<&'static str, Error> {
    let server = shared.get_or_init(|| match std::env::var(variable) {
        Ok(url) if !url.is_empty() => Ok((url, None)),
        _ => start().map(|(url, server)| (url, Some(server))),
    });
    match server {
        Ok((url, _)) => Ok(url),
        Err(error) => Err(error.clone()),
    }
}
