//! What the errors of MySQL, MariaDB and sqlx mean to a caller.

use sqlx::Error;
use sqlx::mysql::MySqlDatabaseError;
use testudo_driver::{Fault, FaultKind};

use crate::sql::server::{Failure, Why};

/// The error numbers that are told apart.
///
/// Sources: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html> and
/// <https://mariadb.com/kb/en/mariadb-error-code-reference/>.
pub(super) mod code {
    pub(crate) const DISK_FULL: u16 = 1021;
    pub(crate) const NOT_A_KEY_FILE: u16 = 1034;
    pub(crate) const OUT_OF_MEMORY: u16 = 1037;
    pub(crate) const OUT_OF_SORT_MEMORY: u16 = 1038;
    pub(crate) const TOO_MANY_CONNECTIONS: u16 = 1040;
    pub(crate) const OUT_OF_RESOURCES: u16 = 1041;
    pub(crate) const ACCESS_TO_DATABASE_DENIED: u16 = 1044;
    pub(crate) const ACCESS_DENIED: u16 = 1045;
    /// Also what a node of a Galera cluster says that has lost the others.
    pub(crate) const UNKNOWN_COMMAND: u16 = 1047;
    pub(crate) const UNKNOWN_DATABASE: u16 = 1049;
    pub(crate) const SHUTDOWN: u16 = 1053;
    pub(crate) const DUPLICATE: u16 = 1062;
    pub(crate) const TABLE_FULL: u16 = 1114;
    pub(crate) const TOO_MANY_THREADS: u16 = 1135;
    pub(crate) const STATEMENT_DENIED: u16 = 1142;
    pub(crate) const NO_SUCH_TABLE: u16 = 1146;
    pub(crate) const ABORTED_CONNECTION: u16 = 1152;
    pub(crate) const READ_ERROR: u16 = 1158;
    pub(crate) const READ_INTERRUPTED: u16 = 1159;
    pub(crate) const WRITE_ERROR: u16 = 1160;
    pub(crate) const WRITE_INTERRUPTED: u16 = 1161;
    pub(crate) const CRASHED_TABLE: u16 = 1194;
    pub(crate) const CRASHED_AND_NOT_REPAIRED: u16 = 1195;
    pub(crate) const TOO_MANY_CONNECTIONS_OF_USER: u16 = 1203;
    pub(crate) const LOCK_WAIT_TIMEOUT: u16 = 1205;
    pub(crate) const DEADLOCK: u16 = 1213;
    pub(crate) const USER_LIMIT: u16 = 1226;
    pub(crate) const READ_ONLY_OPTION: u16 = 1290;
    pub(crate) const INTERRUPTED: u16 = 1317;
    pub(crate) const CORRUPT_INDEX: u16 = 1712;
    pub(crate) const READ_ONLY_TRANSACTION: u16 = 1792;
    pub(crate) const READ_ONLY_MODE: u16 = 1836;
    /// MariaDB's, as are the next two.
    pub(crate) const CONNECTION_KILLED: u16 = 1927;
    pub(crate) const STATEMENT_TIMEOUT: u16 = 1969;
    /// What was read changed meanwhile (`innodb_snapshot_isolation`): as a deadlock.
    pub(crate) const CHANGED_SINCE_READ: u16 = 1020;
    /// MySQL's, as is the next.
    pub(crate) const QUERY_TIMEOUT: u16 = 3024;
    pub(crate) const IDLE_FOR_TOO_LONG: u16 = 4031;
}

/// What an error of sqlx means.
pub(crate) fn failure(error: Error) -> Failure {
    let why = why(&error);
    Failure::new(fault(error), why)
}

/// The fault that an error of sqlx is. The servers quote values only in what refuses them, a duplicate or one that
/// does not fit, so that of those the number alone is kept: they may be personal.
pub(super) fn fault(error: Error) -> Fault {
    let kind = kind(&error);
    match number(&error) {
        Some(number) if kind == FaultKind::Internal => Fault::new(kind, Refused(number)),
        _ => Fault::new(kind, error),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the database refused a statement with its error {0}")]
struct Refused(u16);

/// What may be done about an error.
fn why(error: &Error) -> Why {
    match error {
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => Why::Lost,
        Error::Database(_) => number(error).map_or(Why::Other, why_of_number),
        _ => Why::Other,
    }
}

const fn why_of_number(number: u16) -> Why {
    match number {
        code::DEADLOCK | code::CHANGED_SINCE_READ => Why::InTheWay,
        code::LOCK_WAIT_TIMEOUT => Why::WaitedForLock,
        code::DUPLICATE => Why::Taken,
        code::READ_ONLY_OPTION | code::READ_ONLY_TRANSACTION | code::READ_ONLY_MODE => {
            Why::ReadOnly
        }
        code::SHUTDOWN
        | code::ABORTED_CONNECTION
        | code::CONNECTION_KILLED
        | code::IDLE_FOR_TOO_LONG => Why::Lost,
        _ => Why::Other,
    }
}

pub(super) fn number(error: &Error) -> Option<u16> {
    let Error::Database(error) = error else { return None };
    error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

fn kind(error: &Error) -> FaultKind {
    match error {
        Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => FaultKind::Unavailable,
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) => FaultKind::Unavailable,
        Error::ColumnDecode { .. } | Error::Decode(_) => FaultKind::Corrupt,
        Error::Database(_) => number(error).map_or(FaultKind::Internal, kind_of_number),
        _ => FaultKind::Internal,
    }
}

const fn kind_of_number(number: u16) -> FaultKind {
    match number {
        code::DISK_FULL
        | code::OUT_OF_MEMORY
        | code::OUT_OF_SORT_MEMORY
        | code::TOO_MANY_CONNECTIONS
        | code::OUT_OF_RESOURCES
        | code::UNKNOWN_COMMAND
        | code::SHUTDOWN
        | code::TABLE_FULL
        | code::TOO_MANY_THREADS
        | code::ABORTED_CONNECTION
        | code::READ_ERROR
        | code::READ_INTERRUPTED
        | code::WRITE_ERROR
        | code::WRITE_INTERRUPTED
        | code::TOO_MANY_CONNECTIONS_OF_USER
        | code::USER_LIMIT
        | code::READ_ONLY_OPTION
        | code::INTERRUPTED
        | code::READ_ONLY_TRANSACTION
        | code::READ_ONLY_MODE
        | code::CONNECTION_KILLED
        | code::STATEMENT_TIMEOUT
        | code::QUERY_TIMEOUT
        | code::IDLE_FOR_TOO_LONG => FaultKind::Unavailable,
        code::LOCK_WAIT_TIMEOUT | code::DEADLOCK | code::CHANGED_SINCE_READ => {
            FaultKind::Overloaded
        }
        code::NOT_A_KEY_FILE
        | code::CRASHED_TABLE
        | code::CRASHED_AND_NOT_REPAIRED
        | code::CORRUPT_INDEX => FaultKind::Corrupt,
        _ => FaultKind::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_tried_again_is_what_another_transaction_was_in_the_way_of() {
        for (number, is) in [
            (1213, Why::InTheWay),
            (1020, Why::InTheWay),
            (1205, Why::WaitedForLock),
            (1062, Why::Taken),
            (1290, Why::ReadOnly),
            (1792, Why::ReadOnly),
            (1836, Why::ReadOnly),
            (1053, Why::Lost),
            (1152, Why::Lost),
            (1927, Why::Lost),
            (4031, Why::Lost),
            // Statements that took too long, and what the server has no room for.
            (1969, Why::Other),
            (3024, Why::Other),
            (1317, Why::Other),
            (1040, Why::Other),
            (1021, Why::Other),
            (1064, Why::Other),
        ] {
            assert_eq!(why_of_number(number), is, "{number}");
        }
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
