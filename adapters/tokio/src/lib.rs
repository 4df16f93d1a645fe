//! Testudo on tokio: a hashing pool that blocks nobody, and the workers that deliver events and messages.

mod hashing_pool;
mod hashing_threads;
mod message_worker;
mod no_sooner;
mod outbox;
mod sweeper;

pub use hashing_pool::{HashingPool, Overloaded};
pub use message_worker::MessageWorker;
pub use no_sooner::no_sooner;
pub use outbox::OutboxWorker;
pub use sweeper::Sweeper;

/// The README's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
