//! Why a database cannot be a store.

use sqlx::Error;

use super::fault::{code, number};

use crate::sql::migrations::Mismatch;
use crate::sql::server::{UrlError, is_of_tls};
use crate::sql::{NameError, UserTableError};

/// Why a database cannot be opened as a store. The message says what to do, and holds no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is not one of a database.
    #[error("expected a URL mysql://user:password@host:port/database: {0}")]
    Url(String),
    /// A name in the URL is none.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nobody answers there.
    #[error("no MySQL or MariaDB answers at the URL; start it, or correct host and port: {0}")]
    Unreachable(#[source] Error),
    /// It is not sure who answers, or nobody answers over TLS.
    #[error(
        "the server is not trusted; see its certificate, and ssl-mode and ssl-ca of the URL: {0}"
    )]
    Untrusted(#[source] Error),
    /// The user or the password is wrong, or the user may not what is needed.
    #[error("the database refuses the user; correct the URL, or grant what is missing: {0}")]
    Denied(#[source] Error),
    /// The server has no such database.
    #[error("the server has no such database; create it, or correct the URL: {0}")]
    NoDatabase(#[source] Error),
    /// The server lacks what is needed.
    #[error("the server is {0}; expected MySQL 8.0.11 or MariaDB 10.6 at least")]
    TooOld(String),
    /// The database has migrations that this version does not know.
    #[error(
        "the database was used by a newer version; update this program (unknown migration {0})"
    )]
    Newer(i64),
    /// A migration was applied with another text than this version has.
    #[error("migration {0} was changed after it was applied; use the version that applied it")]
    Changed(i64),
    /// There are tables of the same names that the library did not make.
    #[error(
        "the database has a table {0} that this program did not make; use another database, or a prefix"
    )]
    OtherTables(String),
    /// Another process applies migrations, and does not come to an end.
    #[error("another program is applying migrations; wait until it is done, and try again")]
    Busy,
    /// A migration failed. What it did so far stays; the next attempt goes on with it.
    #[error("migration {version} failed: {source}")]
    Migration {
        /// Which one.
        version: i64,
        /// Why.
        source: Error,
    },
    /// The application's own table cannot hold users.
    #[error(transparent)]
    UserTable(#[from] UserTableError),
    /// Anything else.
    #[error("the database cannot be opened: {0}")]
    Other(#[source] Error),
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        match (&error, number(&error)) {
            _ if is_of_tls(&error) => Self::Untrusted(error),
            (Error::Io(_) | Error::PoolTimedOut, _) => Self::Unreachable(error),
            (_, Some(code::ACCESS_DENIED | code::STATEMENT_DENIED)) => Self::Denied(error),
            (_, Some(code::ACCESS_TO_DATABASE_DENIED)) => Self::Denied(error),
            (_, Some(code::UNKNOWN_DATABASE)) => Self::NoDatabase(error),
            _ => Self::Other(error),
        }
    }
}

impl From<Mismatch> for OpenError {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Unknown(version) => Self::Newer(version),
            Mismatch::Changed(version) => Self::Changed(version),
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
