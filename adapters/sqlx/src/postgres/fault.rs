//! What the errors of Postgres and sqlx mean to a caller.

use std::fmt;

use sqlx::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};
use testudo_driver::{Fault, FaultKind};

use crate::sql::server::{Failure, Why};

/// SQLSTATEs that are told apart (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
pub(super) mod code {
    pub(in super::super) const UNIQUE_VIOLATION: &str = "23505";
    pub(in super::super) const DUPLICATE_TABLE: &str = "42P07";
    pub(in super::super) const DUPLICATE_OBJECT: &str = "42710";
    /// A standby, or a primary that is being replaced.
    pub(in super::super) const READ_ONLY: &str = "25006";
    pub(in super::super) const SERIALIZATION_FAILURE: &str = "40001";
    pub(in super::super) const DEADLOCK_DETECTED: &str = "40P01";
}

/// What the database said, without the values that it may have repeated: who logs a fault must not log what
/// was bound to a statement.
#[derive(Debug)]
pub(super) struct Refused {
    code: String,
    message: Option<String>,
    constraint: Option<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the database refused with SQLSTATE {}", self.code)?;
        if let Some(message) = &self.message {
            write!(out, ": {message}")?;
        }
        match &self.constraint {
            Some(constraint) => write!(out, " (constraint {constraint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

impl From<&PgDatabaseError> for Refused {
    fn from(error: &PgDatabaseError) -> Self {
        let code = error.code().to_owned();
        // Of data and of constraints, messages quote values.
        let quotes = code.starts_with("22") || code.starts_with("23");
        Self {
            message: (!quotes).then(|| error.message().to_owned()),
            constraint: error.constraint().map(str::to_owned),
            code,
        }
    }
}

/// What an error of sqlx means.
pub(crate) fn failure(error: Error) -> Failure {
    let why = why(&error);
    Failure::new(fault(error), why)
}

fn fault(error: Error) -> Fault {
    let kind = kind(&error);
    match database_error(&error) {
        Some(refused) => Fault::new(kind, Refused::from(refused)),
        None => Fault::new(kind, error),
    }
}

fn kind(error: &Error) -> FaultKind {
    match error {
        Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_) => FaultKind::Unavailable,
        Error::ColumnDecode { .. } | Error::Decode(_) => FaultKind::Corrupt,
        Error::Database(_) => sqlstate(error).map_or(FaultKind::Internal, kind_of_code),
        _ => FaultKind::Internal,
    }
}

fn kind_of_code(code: &str) -> FaultKind {
    match code {
        // Timeouts of locks, statements and transactions.
        code::READ_ONLY | "55P03" | "57014" | "25P03" | "25P04" => FaultKind::Unavailable,
        code::SERIALIZATION_FAILURE | code::DEADLOCK_DETECTED => FaultKind::Overloaded,
        // A damaged page, a damaged index.
        "XX001" | "XX002" => FaultKind::Corrupt,
        _ => match code.get(..2) {
            // Connections, resources, operators, the system underneath.
            Some("08" | "53" | "57" | "58") => FaultKind::Unavailable,
            _ => FaultKind::Internal,
        },
    }
}

pub(super) fn sqlstate(error: &Error) -> Option<&str> {
    database_error(error).map(PgDatabaseError::code)
}

fn database_error(error: &Error) -> Option<&PgDatabaseError> {
    match error {
        Error::Database(error) => error.try_downcast_ref::<PgDatabaseError>(),
        _ => None,
    }
}

/// Whether the server has said so and hung up: a transaction or a session was idle for too long, say.
fn ends_the_connection(error: &Error) -> bool {
    let severity = database_error(error).map(PgDatabaseError::severity);
    matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic))
}

/// What may be done about an error.
pub(super) fn why(error: &Error) -> Why {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => Why::Lost,
        Error::Database(_) if ends_the_connection(error) => Why::Lost,
        Error::Database(_) => sqlstate(error).map_or(Why::Other, why_of_code),
        _ => Why::Other,
    }
}

fn why_of_code(code: &str) -> Why {
    match code {
        code::SERIALIZATION_FAILURE | code::DEADLOCK_DETECTED => Why::InTheWay,
        code::UNIQUE_VIOLATION => Why::Taken,
        code::READ_ONLY => Why::ReadOnly,
        // Connections that are being closed.
        "57P01" | "57P02" | "57P03" => Why::Lost,
        _ if code.starts_with("08") => Why::Lost,
        _ => Why::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlstates_are_faults_by_what_can_be_done_about_them() {
        for code in [
            "08006", "08001", "57P01", "57P02", "57P03", "53300", "53100", "25006", "57014",
            "55P03", "25P03", "25P04", "57P05",
        ] {
            assert_eq!(kind_of_code(code), FaultKind::Unavailable, "{code}");
        }
        assert_eq!(kind_of_code("40001"), FaultKind::Overloaded);
        assert_eq!(kind_of_code("XX001"), FaultKind::Corrupt);
        for code in ["42P01", "42501", "23502", "22021", ""] {
            assert_eq!(kind_of_code(code), FaultKind::Internal, "{code}");
        }
    }

    #[test]
    fn what_may_be_tried_again_is_what_another_transaction_was_in_the_way_of() {
        for code in ["40001", "40P01"] {
            assert_eq!(why_of_code(code), Why::InTheWay, "{code}");
        }
        // Of a wait in vain, of one statement or of all, nothing is left to wait for.
        for code in ["55P03", "57014", "25P03", "40002", "40003", "23503", "53300", "XX000", ""] {
            assert_eq!(why_of_code(code), Why::Other, "{code}");
        }
        for code in ["08000", "08003", "08006", "57P01", "57P02", "57P03"] {
            assert_eq!(why_of_code(code), Why::Lost, "{code}");
        }
        assert_eq!((why_of_code("23505"), why_of_code("25006")), (Why::Taken, Why::ReadOnly));
    }

    #[test]
    fn a_connection_that_broke_is_lost_and_one_that_was_waited_for_in_vain_is_none() {
        for lost in [
            Error::Io(std::io::ErrorKind::ConnectionReset.into()),
            Error::Protocol("half an answer".to_owned()),
            Error::Tls("an alert".into()),
            Error::WorkerCrashed,
        ] {
            assert_eq!((why(&lost), kind(&lost)), (Why::Lost, FaultKind::Unavailable), "{lost}");
        }
        for none in [Error::PoolTimedOut, Error::PoolClosed] {
            assert_eq!((why(&none), kind(&none)), (Why::Other, FaultKind::Unavailable), "{none}");
        }
    }
}
