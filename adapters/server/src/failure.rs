//! Why a command did not do what it was asked to.

use std::fmt::Display;

/// A message for the person at the terminal: what went wrong and what to do about it, one line.
///
/// It never holds a secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// For turning errors into failures that say what was being done: `.map_err(while_doing("…"))`.
pub(crate) fn while_doing<E: Display>(what: impl Display) -> impl FnOnce(E) -> Failure {
    move |error| Failure(format!("{what}: {error}"))
}
