//! Why a database cannot be a store.

use sqlx::Error;
use sqlx::migrate::MigrateError;

use super::fault::sqlstate;
use crate::sql::server::{UrlError, is_of_tls};
use crate::sql::{NameError, UserTableError};

/// Why a database cannot be opened as a store. The message says what to do; no URL and no password is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL cannot be read.
    #[error(
        "the URL of the database cannot be read: {0}; expected postgres://user:password@host:port/database"
    )]
    Url(String),
    /// A name in the URL is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nobody answers, or not in time.
    #[error(
        "the database does not answer: {0}; see whether it runs, and whether host and port are right"
    )]
    Unreachable(Error),
    /// It is not sure who answers, or nobody answers over TLS.
    #[error(
        "the server is not trusted: {0}; see its certificate, and sslmode and sslrootcert of the URL"
    )]
    Untrusted(Error),
    /// User or password are not right, or that user may not.
    #[error("the database does not let this user in: {0}; see user, password and pg_hba.conf")]
    Denied(Error),
    /// There is no such database.
    #[error("there is no such database: {0}; create it")]
    NoDatabase(Error),
    /// There is no such schema.
    #[error("there is no such schema: {0}; create it, or name another one")]
    NoSchema(Error),
    /// Its texts are not in UTF-8.
    #[error("the database is encoded as {0}; create one with ENCODING 'UTF8'")]
    Encoding(String),
    /// It may not make or change tables.
    #[error(
        "tables cannot be made: {0}; grant the user CREATE on the schema, or run the migrations as another user"
    )]
    NotAllowed(Error),
    /// The database takes no writes: it is a standby.
    #[error("the database takes no writes; name the primary")]
    ReadOnly,
    /// Migrations were applied that this version does not know.
    #[error("the tables were made by a newer version (migration {0}); update this program")]
    Newer(i64),
    /// A migration was applied with another text than it has in this version.
    #[error(
        "migration {0} was applied in another form than this program has; do not edit migrations, restore a backup or use the program that made the tables"
    )]
    Changed(i64),
    /// There are tables of these names that the migrations did not make.
    #[error(
        "there are tables that this program did not make: {0}; name a schema or a prefix for its own"
    )]
    OtherTables(Error),
    /// The application's own table cannot hold users.
    #[error(transparent)]
    UserTable(#[from] UserTableError),
    /// Anything else.
    #[error("the database cannot be opened: {0}")]
    Other(Error),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        match sqlstate(&error) {
            Some("3D000") => Self::NoDatabase(error),
            Some("3F000") => Self::NoSchema(error),
            Some("42501") => Self::NotAllowed(error),
            Some("25006") => Self::ReadOnly,
            Some("42P07" | "42701" | "42710") => Self::OtherTables(error),
            Some(code) if code.starts_with("28") => Self::Denied(error),
            Some(code)
                if code.starts_with("08") || code.starts_with("53") || code.starts_with("57") =>
            {
                Self::Unreachable(error)
            }
            Some(_) => Self::Other(error),
            None => match error {
                error if is_of_tls(&error) => Self::Untrusted(error),
                Error::Io(_) | Error::PoolTimedOut | Error::Protocol(_) => Self::Unreachable(error),
                error => Self::Other(error),
            },
        }
    }
}

impl From<MigrateError> for OpenError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer(version),
            MigrateError::VersionMismatch(version) => Self::Changed(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            error => Self::Other(Error::Migrate(Box::new(error))),
        }
    }
}

impl From<UrlError> for OpenError {
    fn from(error: UrlError) -> Self {
        match error {
            UrlError::Malformed(reason) => Self::Url(reason),
            UrlError::Name(error) => Self::Name(error),
        }
    }
}
