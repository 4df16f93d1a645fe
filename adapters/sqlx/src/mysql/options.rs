//! Where a database is and how it is used.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{Connection, Error, Executor, MySqlPool};
use tokio::time::timeout;

use super::open_error::MySqlOpenError;
use crate::sql::Naming;

/// How long a command waits for a connection at most, also for one that is still to be made.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may take to say that it is alive.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that was used so recently is taken to be alive. Where it is not, a read, or what opens a transaction,
/// goes to another one.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// A connection is closed, and made anew, after this time: the name of a server may lead to another one then.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What holds in every session, whatever the server's settings are.
///
/// * Transactions see what is committed when each statement begins, and lock rows but no gaps between them.
/// * A value that does not fit is an error, in every table, and not cut off.
/// * No statement waits for a lock for longer than 5 seconds.
const SESSION: [&str; 2] = [
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
     SESSION innodb_lock_wait_timeout = 5, SESSION autocommit = 1",
];

/// Where a database is, what its tables are called, and how many connections there may be.
///
/// ```no_run
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// use testudo_sqlx::mysql::MySqlOptions;
/// use testudo_sqlx::{MySqlStore, Naming};
///
/// let options = MySqlOptions::new("mysql://testudo:secret@db.example.com/auth?ssl-mode=VERIFY_IDENTITY")?
///     .naming(Naming::new().with_prefix("auth_")?)
///     .connections(30);
/// let store = MySqlStore::open_with(options).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Security
///
/// Without `ssl-mode=VERIFY_IDENTITY` in the URL (or `VERIFY_CA`), whoever is between the program and the database can
/// read and change everything: by default TLS is used if the server has it, with whatever certificate. `ssl-ca` names
/// a file with the authority, if it is not one of the Web's.
#[derive(Clone)]
pub struct MySqlOptions {
    pub(super) connect: MySqlConnectOptions,
    pub(super) naming: Naming,
    pub(super) patience: Duration,
    connections: u32,
}

impl MySqlOptions {
    /// How many connections there are at most, unless it is said.
    pub const CONNECTIONS: u32 = 10;

    /// How long an answer is waited for, unless it is said.
    pub const PATIENCE: Duration = Duration::from_secs(10);

    /// The database at a URL `mysql://user:password@host:port/database`.
    ///
    /// # Errors
    ///
    /// [`MySqlOpenError::NotAUrl`] when it is none.
    pub fn new(url: &str) -> Result<Self, MySqlOpenError> {
        // sqlx takes any scheme.
        if !["mysql://", "mariadb://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(MySqlOpenError::NotAUrl);
        }
        let connect = MySqlConnectOptions::from_str(url).map_err(|_| MySqlOpenError::NotAUrl)?;
        if connect.get_database().is_none_or(str::is_empty) {
            return Err(MySqlOpenError::NotAUrl);
        }
        // Moments are numbers, and modes are set below.
        let connect = connect.timezone(None).pipes_as_concat(false).no_engine_substitution(false);
        Ok(Self {
            connect,
            naming: Naming::new(),
            patience: Self::PATIENCE,
            connections: Self::CONNECTIONS,
        })
    }

    /// Says what the tables are called. A schema is a database of the same server.
    #[must_use]
    pub fn naming(mut self, naming: Naming) -> Self {
        self.naming = naming;
        self
    }

    /// Says how many connections there are at most, and at least one. Each is a thread of the server; all nodes
    /// together must stay below its `max_connections`.
    #[must_use]
    pub fn connections(mut self, most: u32) -> Self {
        self.connections = most.max(1);
        self
    }

    /// Says how long the answer to one statement is waited for, before the database counts as unavailable. Also what
    /// waits for a lock may take up to 5 seconds.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// A pool, which has tried that it can connect.
    pub(super) async fn connect(&self) -> Result<MySqlPool, Error> {
        self.pool(self.connections).connect_with(self.connect.clone()).await
    }

    fn pool(&self, connections: u32) -> MySqlPoolOptions {
        MySqlPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(self.patience.min(ACQUIRE_TIMEOUT))
            .max_lifetime(MAX_LIFETIME)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    for statement in SESSION {
                        connection.execute(statement).await?;
                    }
                    Ok(())
                })
            })
            .test_before_acquire(false)
            .before_acquire(|connection, used| {
                Box::pin(async move {
                    if used.idle_for < TRUSTED_FOR {
                        return Ok(true);
                    }
                    Ok(timeout(PING_TIMEOUT, connection.ping()).await.is_ok_and(|it| it.is_ok()))
                })
            })
            // sqlx pings what comes back, for however long that takes. Where nobody answers, the connection would
            // count as taken until the system gives it up, which it does after a quarter of an hour.
            .after_release(|connection, _| {
                Box::pin(async move {
                    match timeout(PING_TIMEOUT, connection.ping()).await {
                        Ok(answer) => answer.map(|()| true),
                        Err(_) => Err(Error::Io(std::io::ErrorKind::TimedOut.into())),
                    }
                })
            })
    }
}

impl fmt::Debug for MySqlOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("MySqlOptions")
            .field("naming", &self.naming)
            .field("patience", &self.patience)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}
