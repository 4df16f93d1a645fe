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

/// A letter was not delivered. It is tried again later.
#[derive(Debug)]
pub struct UndeliveredError(Box<dyn Error + Send + Sync>);

impl UndeliveredError {
    /// For this reason, which goes into the log: it must hold nothing of the letter.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for UndeliveredError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Error for UndeliveredError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
