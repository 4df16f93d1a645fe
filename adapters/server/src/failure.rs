//! Why a command did not do what it was asked to.

use std::fmt::Display;

/// What ended a command before its end.
///
/// It never holds a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A message for the person at the terminal: what went wrong and what to do about it, one line.
    #[error("{0}")]
    Message(String),
    /// The same, where what was asked for makes no sense, and nothing was begun.
    #[error("{0}")]
    Usage(String),
    /// Whoever read the output has seen enough, as `head` has: no reason to complain.
    #[error("nobody reads the output any more")]
    ClosedPipe,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }
}

/// For turning errors into failures that say what was being done: `.map_err(while_doing("…"))`.
pub(crate) fn while_doing<E: Display>(what: impl Display) -> impl FnOnce(E) -> Failure {
    move |error| Failure::Message(format!("{what}: {error}"))
}
