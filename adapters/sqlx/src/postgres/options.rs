//! How a store connects.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use super::open_error::OpenError;
use crate::sql::Naming;
use crate::sql::server::{DatabaseUrl, Known};

/// What may stand in a URL.
const KNOWN: Known = Known {
    schemes: ["postgres", "postgresql"],
    parameters: &[
        "application_name",
        "dbname",
        "host",
        "hostaddr",
        "options",
        "password",
        "port",
        "ssl-root-cert",
        "sslrootcert",
        "user",
    ],
    bracketed: Some("options"),
};

/// How a store connects to Postgres, and what its tables are called.
///
/// ```
/// use std::time::Duration;
/// use testudo_sqlx::postgres::PostgresOptions;
///
/// let options = PostgresOptions::parse("postgres://app:secret@db.example.com/app?sslmode=verify-full&schema=auth")?
///     .with_connections(20)
///     .with_patience(Duration::from_secs(3));
/// # Ok::<(), testudo_sqlx::postgres::OpenError>(())
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) connect: PgConnectOptions,
    pub(super) naming: Naming,
    pub(super) connections: u32,
    pub(super) patience: Duration,
}

impl PostgresOptions {
    /// The most connections that a store holds, unless it is told otherwise.
    pub const CONNECTIONS: u32 = 16;

    /// For how long a command waits for a connection, and for the database to answer each statement, unless it is told
    /// otherwise.
    pub const PATIENCE: Duration = Duration::from_secs(4);

    /// Reads `postgres://user:password@host:port/database`.
    ///
    /// Behind a question mark may stand what [`PgConnectOptions`] knows, such as `sslmode=verify-full` and
    /// `sslrootcert`, and besides `schema`, `prefix` (both of the tables) and `connections`.
    ///
    /// # Errors
    ///
    /// [`OpenError::Url`] and [`OpenError::Name`]; nothing of the URL is in them but names of parameters.
    ///
    /// # Security
    ///
    /// Without `sslmode` a connection is encrypted if the server offers it, and nobody looks who the server is. Say
    /// `verify-full` wherever others have a hand in the network. The authority in `sslrootcert` is trusted beside the
    /// public ones, not instead of them: so `verify-ca` takes whoever has a certificate for any name. `allow` is
    /// without encryption.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        let url = DatabaseUrl::parse(url, &KNOWN)?;
        let mut options = Self::new(url.options()?);
        options.connections = url.connections.unwrap_or(Self::CONNECTIONS);
        options.naming = url.naming;
        Ok(options)
    }

    /// How to connect, in sqlx's own words.
    #[must_use]
    pub fn new(connect: PgConnectOptions) -> Self {
        let naming = Naming::new();
        Self { connect, naming, connections: Self::CONNECTIONS, patience: Self::PATIENCE }
    }

    /// What the tables are called, and whether users are in one of the application's own.
    #[must_use]
    pub fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Has the store hold at most so many connections, from one to ten thousand. All nodes together must stay below the
    /// `max_connections` of the server.
    #[must_use]
    pub fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// Has a command wait for so long for a connection, and as long for the database to answer each statement, before
    /// it is a fault.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What the tables are called.
    #[must_use]
    pub const fn naming(&self) -> &Naming {
        &self.naming
    }
}

/// Without user and password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PostgresOptions")
            .field("host", &self.connect.get_host())
            .field("port", &self.connect.get_port())
            .field("database", &self.connect.get_database())
            .field("naming", &self.naming)
            .field("connections", &self.connections)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_password_is_shown() {
        let secret = "hunter7031";
        let good = format!("postgres://ada:{secret}@db.example.com:5433/app?schema=auth&prefix=t_");
        let options = PostgresOptions::parse(&good).unwrap();
        assert!(!format!("{options:?}").contains(secret));
        assert_eq!(options.connect.get_port(), 5433);
        assert_eq!(
            options.naming,
            Naming::new().in_schema("auth").unwrap().with_prefix("t_").unwrap()
        );

        for bad in [
            format!("postgres://ada:{secret}@db.example.com:port/app"),
            format!("mysql://ada:{secret}@db.example.com/app"),
            format!("postgres://ada:{secret}@db/app?connections=0"),
            format!("postgres://ada:{secret}@db/app?schema={secret};"),
            format!("postgres://ada:{secret}@db/app?sslmode={secret}"),
            format!("postgres://ada:{secret}@db/app?sslmode=require&{secret}=1"),
        ] {
            let error = PostgresOptions::parse(&bad).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(&format!(":{secret}")), "{shown}");
        }
    }

    #[test]
    fn parameters_that_nobody_would_read_are_refused_by_name() {
        let with = |parameter: &str| {
            let options = PostgresOptions::parse(&format!("postgres://db/app?{parameter}"));
            options.map(drop).map_err(|error| error.to_string())
        };
        for parameter in ["sslmode=verify-full", "options[lock_timeout]=1s", "prefix=t_"] {
            assert_eq!(with(parameter), Ok(()));
        }
        // Neither is `sslmode`: nobody would look who the server is.
        for parameter in ["ssl_mode", "tls"] {
            let error = with(&format!("{parameter}=verify-full")).unwrap_err();
            assert!(error.contains(parameter) && error.contains("sslmode"), "{error}");
        }
    }
}
