//! What the errors of SQLite and sqlx mean to a caller.

use sqlx::Error;
use sqlx::error::DatabaseError;
use testudo_driver::{Fault, FaultKind};

/// The primary result codes that are told apart (<https://www.sqlite.org/rescode.html>).
pub(super) mod code {
    pub(crate) const ERROR: u32 = 1;
    pub(crate) const PERM: u32 = 3;
    pub(crate) const BUSY: u32 = 5;
    pub(crate) const LOCKED: u32 = 6;
    pub(crate) const NOMEM: u32 = 7;
    pub(crate) const READONLY: u32 = 8;
    pub(crate) const INTERRUPT: u32 = 9;
    pub(crate) const IOERR: u32 = 10;
    pub(crate) const CORRUPT: u32 = 11;
    pub(crate) const FULL: u32 = 13;
    pub(crate) const CANTOPEN: u32 = 14;
    pub(crate) const PROTOCOL: u32 = 15;
    pub(crate) const NOTADB: u32 = 26;
}

/// The fault that an error of sqlx is. Statements are static and errors never quote bound values, so
/// that it may be logged.
pub(super) fn fault(error: Error) -> Fault {
    Fault::new(kind(&error), error)
}

/// The primary result code, without what the extended code adds to it.
pub(super) fn primary_code(error: &dyn DatabaseError) -> Option<u32> {
    Some(error.code()?.parse::<u32>().ok()? & 0xff)
}

fn kind(error: &Error) -> FaultKind {
    match error {
        Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed | Error::Io(_) => {
            FaultKind::Unavailable
        }
        Error::ColumnDecode { .. } | Error::Decode(_) => FaultKind::Corrupt,
        Error::Database(error) => match primary_code(error.as_ref()) {
            Some(
                code::BUSY
                | code::LOCKED
                | code::NOMEM
                | code::READONLY
                | code::INTERRUPT
                | code::IOERR
                | code::FULL
                | code::CANTOPEN
                | code::PROTOCOL,
            ) => FaultKind::Unavailable,
            Some(code::CORRUPT | code::NOTADB) => FaultKind::Corrupt,
            _ => FaultKind::Internal,
        },
        _ => FaultKind::Internal,
    }
}
