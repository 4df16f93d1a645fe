//! The store against real servers: the suite of all stores, and what goes wrong.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests panic")]

mod conformance;
mod failover;
mod faults;
mod fixtures;
mod in_time;
mod kept;
mod masters;
mod moving;
mod once;
mod refused;
mod room;
mod stored;
mod support;
mod swept;
mod tls;
