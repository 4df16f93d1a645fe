//! Testudo on tokio: a hashing pool that blocks nobody, and the worker that delivers events.

mod hashing_pool;
mod hashing_threads;
mod outbox;

pub use hashing_pool::{HashingPool, Overloaded};
pub use outbox::{EventHandler, OutboxWorker};

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
