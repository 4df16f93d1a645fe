//! Why a statement was not carried out.

use std::io::ErrorKind;

use sqlx::Error;
use testudo_driver::{Fault, FaultKind};

/// Why a statement was not carried out, or nobody knows whether it was.
#[derive(Debug)]
pub(crate) struct Failure {
    fault: Fault,
    why: Why,
}

/// What may be done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Another transaction was in the way, and this one did nothing: it may be tried again.
    InTheWay,
    /// The same, after a long wait for a lock.
    #[cfg(feature = "mysql")]
    WaitedForLock,
    /// The connection is of no more use, and the next one may be.
    Lost,
    /// A record of the same key is there already.
    Taken,
    /// The server takes no writes, and did nothing. Another one may have taken over, to which the next connection
    /// leads.
    ReadOnly,
    /// It is a fault, whoever asks.
    Other,
}

/// A statement took longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer in time")]
struct NoAnswer;

impl Failure {
    pub(crate) const fn new(fault: Fault, why: Why) -> Self {
        Self { fault, why }
    }

    pub(super) fn no_answer() -> Self {
        Fault::new(FaultKind::Unavailable, NoAnswer).into()
    }

    pub(crate) const fn why(&self) -> Why {
        self.why
    }

    /// Whether a record of the same key is there already.
    pub(crate) fn is_taken(&self) -> bool {
        self.why == Why::Taken
    }

    /// Whether the server takes no writes.
    pub(crate) fn is_read_only(&self) -> bool {
        self.why == Why::ReadOnly
    }

    /// Whether the connection is of no more use, and the next one may be.
    pub(crate) fn is_lost(&self) -> bool {
        self.why == Why::Lost
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::new(fault, Why::Other)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        failure.fault
    }
}

/// Whether an error is one of TLS. What is wrong with a certificate comes as an error of I/O, of a kind that nothing
/// else has while a connection is made.
pub(crate) fn is_of_tls(error: &Error) -> bool {
    match error {
        Error::Tls(_) => true,
        Error::Io(error) => error.kind() == ErrorKind::InvalidData,
        _ => false,
    }
}
