//! Testudo on tokio: a hashing pool that blocks nobody, and the workers that deliver events and messages.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod event_worker;
mod hashing_pool;
mod hashing_threads;
mod message_worker;
pub mod metrics;
mod no_sooner;
mod sweeper;

pub use event_worker::EventWorker;
pub use hashing_pool::{HashingPool, Overloaded};
pub use message_worker::MessageWorker;
pub use no_sooner::no_sooner;
pub use sweeper::Sweeper;

/// How far apart the clocks of servers that share a store may be. What a store lends to one of them is given to nobody
/// else for so much longer than it needs it, since another one's clock says when that is over.
const CLOCKS_APART: testudo::Duration = testudo::Duration::from_secs(30);
