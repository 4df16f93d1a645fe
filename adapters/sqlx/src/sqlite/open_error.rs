//! Why a file cannot be a store.

use std::path::{Path, PathBuf};

use sqlx::Error;
use sqlx::migrate::MigrateError;

use super::fault::{code, primary_code};
use crate::sql::UserTableError;

/// Why a file cannot be opened as a store. The message says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no directory to make the file in.
    #[error("there is no directory {}; create it, or name another path", .0.display())]
    NoDirectory(PathBuf),
    /// The path names a directory.
    #[error("{} is a directory; name a file in it", .0.display())]
    IsADirectory(PathBuf),
    /// The program may not write the file, or not make files beside it.
    #[error("{} cannot be written; give the program's user write access to it and to its directory", .0.display())]
    NotWritable(PathBuf),
    /// The file holds something else, or a damaged database.
    #[error("{} is not an intact SQLite database; name another path, or restore a backup", .0.display())]
    NotADatabase(PathBuf),
    /// The file has migrations that this version does not know.
    #[error("{} was made by a newer version or by another program; update this one, or name another path", .0.display())]
    Newer(PathBuf),
    /// A migration was applied to the file with another text than it has in this version.
    #[error("{} has migration {version} in another form than this program; do not edit migrations, restore a backup or use the program that made it", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The migration's number.
        version: i64,
    },
    /// A schema was named.
    #[error("SQLite has no schemas; use a prefix instead")]
    NoSchemas,
    /// The application's own table cannot hold users.
    #[error(transparent)]
    UserTable(#[from] UserTableError),
    /// The tables are not those that this version's migrations make.
    #[error("{} has tables that this program did not make; name another path", .path.display())]
    OtherTables {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: MigrateError,
    },
    /// Another process holds the file.
    #[error("{} is in use by another program; stop that one, or try again later", .0.display())]
    Busy(PathBuf),
    /// Anything else.
    #[error("{} cannot be opened: {source}", .path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Error,
    },
}

/// Why a file cannot be connected to.
pub(super) fn diagnose(path: &Path, error: Error) -> OpenError {
    let path = path.to_owned();
    match database_code(&error) {
        Some(code::PERM | code::READONLY | code::CANTOPEN) => OpenError::NotWritable(path),
        Some(code::CORRUPT | code::NOTADB) => OpenError::NotADatabase(path),
        Some(code::BUSY | code::LOCKED) => OpenError::Busy(path),
        _ => OpenError::Other { path, source: error },
    }
}

/// Why its tables cannot be brought up to date.
pub(super) fn diagnose_migration(path: &Path, error: MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(_) => OpenError::Newer(path.to_owned()),
        MigrateError::VersionMismatch(version) => {
            OpenError::Changed { path: path.to_owned(), version }
        }
        MigrateError::Execute(error) => diagnose(path, error),
        MigrateError::ExecuteMigration(error, _) if !is_refused(&error) => diagnose(path, error),
        source => OpenError::OtherTables { path: path.to_owned(), source },
    }
}

/// Whether another process holds the file.
pub(super) fn is_busy(error: &Error) -> bool {
    database_code(error) == Some(code::BUSY)
}

/// Whether SQLite could not make sense of a statement, as when a table is already there.
fn is_refused(error: &Error) -> bool {
    database_code(error) == Some(code::ERROR)
}

/// The primary result code of an error of SQLite's own.
pub(super) fn database_code(error: &Error) -> Option<u32> {
    match error {
        Error::Database(error) => primary_code(error.as_ref()),
        _ => None,
    }
}
