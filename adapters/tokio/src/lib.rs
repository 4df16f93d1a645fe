//! Testudo on tokio: a hashing pool that blocks nobody, and the worker that delivers events.

mod hashing_pool;
mod hashing_threads;
mod outbox;
mod sweeper;

pub use hashing_pool::{HashingPool, Overloaded};
pub use outbox::{EventHandler, OutboxWorker};
pub use sweeper::Sweeper;

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
