//! Who is told what happened.

use std::error::Error;
use std::fmt;
use std::future::Future;

use testudo::event::EventRecord;

/// Takes events that were committed: a log, a webhook, the application.
pub trait EventHandler: Send + Sync {
    /// Takes one event. It may come a second time after a crash: tell repeats by its id.
    ///
    /// # Errors
    ///
    /// When the event could not be taken. What follows from that is for who delivers it to decide.
    fn handle(&self, event: &EventRecord) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// An event was not taken.
#[derive(Debug)]
pub struct HandlerError(Box<dyn Error + Send + Sync>);

impl HandlerError {
    /// For this reason, which goes into the log: it must hold no secret.
    pub fn new(reason: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl Error for HandlerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
