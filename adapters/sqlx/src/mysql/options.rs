//! Where a database is and how it is used.

use std::fmt;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{ConnectOptions, Error, Executor, MySql};
use tokio::time::timeout;

use super::open_error::OpenError;
use crate::sql::Naming;
use crate::sql::server::{DatabaseUrl, Known, Pool};

/// What may stand in a URL.
const KNOWN: Known = Known {
    schemes: ["mysql", "mariadb"],
    parameters: &["charset", "collation", "socket", "sslca", "time-zone", "timezone"],
    bracketed: None,
};

/// What holds in every session, whatever the server's settings are.
///
/// * Transactions see what is committed when each statement begins, and lock rows but no gaps between them.
/// * A value that does not fit is an error, in every table, and not cut off.
/// * No statement waits for a lock for longer than 3 seconds, which is less than for an answer.
const SESSION: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
    SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
    SESSION innodb_lock_wait_timeout = 3, SESSION autocommit = 1";

/// How many statements a connection keeps prepared: more than there are.
const STATEMENTS: usize = 256;

/// How a store connects to MySQL or MariaDB, and what its tables are called.
///
/// ```
/// use std::time::Duration;
/// use testudo_sqlx::mysql::MySqlOptions;
///
/// let url = "mysql://app:secret@db.example.com/app?ssl-mode=VERIFY_IDENTITY&prefix=auth_";
/// let options =
///     MySqlOptions::parse(url)?.with_connections(20).with_patience(Duration::from_secs(3));
/// # Ok::<(), testudo_sqlx::mysql::OpenError>(())
/// ```
#[derive(Clone)]
pub struct MySqlOptions {
    pub(super) connect: MySqlConnectOptions,
    pub(super) naming: Naming,
    connections: u32,
    pub(super) patience: Duration,
}

impl MySqlOptions {
    /// The most connections that a store holds, unless it is told otherwise.
    pub const CONNECTIONS: u32 = 16;

    /// For how long a command waits for a connection, and for the database to answer, unless it is told otherwise.
    pub const PATIENCE: Duration = Duration::from_secs(4);

    /// Reads `mysql://user:password@host:port/database`, or the same with `mariadb`.
    ///
    /// Behind a question mark may stand what [`MySqlConnectOptions`] knows, such as `ssl-mode=VERIFY_IDENTITY` and
    /// `ssl-ca`, and besides `schema` (another database of the server), `prefix` (both of the tables) and
    /// `connections`.
    ///
    /// # Errors
    ///
    /// [`OpenError::Url`] and [`OpenError::Name`]; nothing of the URL is in them but names of parameters.
    ///
    /// # Security
    ///
    /// Without `ssl-mode` a connection is encrypted if the server offers it, and nobody looks who the server is. Say
    /// `VERIFY_IDENTITY` wherever others have a hand in the network. The authority in `ssl-ca` is trusted beside the
    /// public ones, not instead of them: so `VERIFY_CA` takes whoever has a certificate for any name.
    pub fn parse(url: &str) -> Result<Self, OpenError> {
        let url = DatabaseUrl::parse(url, &KNOWN)?;
        if !url.names_database() {
            return Err(OpenError::Url("it names no server, or no database of it".to_owned()));
        }
        let mut options = Self::new(url.options()?);
        options.connections = url.connections.unwrap_or(Self::CONNECTIONS);
        options.naming = url.naming;
        Ok(options)
    }

    /// How to connect, in sqlx's own words. What it says about the time zone and modes of SQL does not hold.
    #[must_use]
    pub fn new(connect: MySqlConnectOptions) -> Self {
        // Moments are numbers, and modes are set by the store.
        let connect = connect.timezone(None).pipes_as_concat(false).no_engine_substitution(false);
        let naming = Naming::new();
        Self { connect, naming, connections: Self::CONNECTIONS, patience: Self::PATIENCE }
    }

    /// What the tables are called, and whether users are in one of the application's own. A schema is another
    /// database of the same server.
    #[must_use]
    pub fn with_naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Has the store hold at most so many connections, from one to ten thousand. Each is a thread of the server; all nodes
    /// together must stay below its `max_connections`.
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

    /// A connection that belongs to nobody else, for what takes longer than a command may.
    pub(super) async fn connect(&self) -> Result<MySqlConnection, Error> {
        let connecting = timeout(self.patience, self.connect.connect()).await;
        let mut connection = connecting.map_err(|_| Error::PoolTimedOut)??;
        connection.execute(SESSION).await?;
        Ok(connection)
    }

    pub(super) fn pool(self) -> Result<Pool<MySql>, Error> {
        let connect = self.connect.statement_cache_capacity(STATEMENTS);
        Pool::new(connect, SESSION, self.connections, self.patience)
    }
}

/// Without user and password.
impl fmt::Debug for MySqlOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MySqlOptions")
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
        let good = format!("mysql://ada:{secret}@db.example.com:3307/app?prefix=t_&connections=3");
        let options = MySqlOptions::parse(&good).unwrap();
        assert!(!format!("{options:?}").contains(secret));
        assert_eq!((options.connect.get_port(), options.connections), (3307, 3));
        assert_eq!(options.naming, Naming::new().with_prefix("t_").unwrap());

        for bad in [
            format!("mysql://ada:{secret}@db.example.com:port/app"),
            format!("postgres://ada:{secret}@db.example.com/app"),
            format!("mysql://ada:{secret}@db.example.com/"),
            format!("mysql://ada:{secret}@db/app?connections=0"),
            format!("mysql://ada:{secret}@db/app?ssl-mode={secret}"),
            format!("mysql://ada:{secret}@db/app?ssl-mode=REQUIRED&{secret}=1"),
            format!("mysql:{secret}"),
        ] {
            let error = MySqlOptions::parse(&bad).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn parameters_that_nobody_would_read_are_refused_by_name() {
        let with = |parameter: &str| {
            let options = MySqlOptions::parse(&format!("mysql://db/app?{parameter}"));
            options.map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(with("ssl-mode=VERIFY_IDENTITY&connections=3"), Ok(()));
        // Neither is `ssl-mode`: nobody would look who the server is.
        for parameter in ["ssl_mode", "tls"] {
            let error = with(&format!("{parameter}=VERIFY_IDENTITY")).unwrap_err();
            assert!(error.contains(parameter) && error.contains("ssl-mode"), "{error}");
        }
    }
}
