//! Testudo on tokio: a hashing pool that blocks nobody, and the worker that delivers events.

mod hashing_pool;
mod outbox;

pub use hashing_pool::{HashingPool, Overloaded};
pub use outbox::{EventHandler, OutboxWorker};
