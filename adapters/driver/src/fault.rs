//! Faults: the world did not answer. They are no decisions and never grant anything.

use std::error::Error;
use std::fmt;

/// Why a command could not be carried out.
///
/// A fault ends its flow. Nothing was granted; whether a commit under way was applied may be unknown,
/// and either way the records are whole. Trying again later is safe.
#[derive(Debug)]
pub struct Fault {
    kind: FaultKind,
    source: Box<dyn Error + Send + Sync>,
}

/// The kinds of faults, by what the caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// The store or another service does not answer. Try again later.
    Unavailable,
    /// There is more to do than there are hands; nothing was begun. Try again shortly.
    Overloaded,
    /// A stored record cannot be read. Somebody has to look at it.
    Corrupt,
    /// The program or its configuration is at fault.
    Internal,
}

impl Fault {
    /// A fault of a kind, with its cause.
    ///
    /// # Security
    ///
    /// The cause is logged: it must hold no secret, no bound value of a statement and no URL with a
    /// password in it.
    pub fn new(kind: FaultKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> FaultKind {
        self.kind
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FaultKind::Unavailable => "the store does not answer",
            FaultKind::Overloaded => "too much to do at once",
            FaultKind::Corrupt => "a stored record cannot be read",
            FaultKind::Internal => "internal error",
        };
        write!(out, "{kind}: {}", self.source)
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
