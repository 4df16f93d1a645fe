//! Who carries letters.

use std::error::Error;
use std::fmt;
use std::future::Future;

use crate::Letter;

/// Carries letters to their readers: a mail server, a directory, a test.
pub trait Courier: Send + Sync {
    /// Delivers one letter. It may come a second time after a crash, under the same id.
    fn deliver(&self, letter: &Letter)
    -> impl Future<Output = Result<(), UndeliveredError>> + Send;
}

/// A letter was not delivered. It is tried again later, unless that is of no use.
#[derive(Debug)]
pub struct UndeliveredError {
    reason: Box<dyn Error + Send + Sync>,
    permanent: bool,
}

impl UndeliveredError {
    /// For this reason, which goes into the log: it must hold nothing of the letter.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { reason: reason.into(), permanent: false }
    }

    /// For this reason, which another attempt would not change.
    pub fn permanent(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { reason: reason.into(), permanent: true }
    }

    /// Whether another attempt is of no use.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.permanent
    }
}

impl fmt::Display for UndeliveredError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(out)
    }
}

impl Error for UndeliveredError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.reason.source()
    }
}
