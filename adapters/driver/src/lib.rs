//! Runs [`testudo`]'s flows: the async half, tied to no runtime.
//!
//! * [`Store`] and [`Hashing`] are what an adapter implements.
//! * [`Legacy`] is asked for passwords that still live in the system that accounts come from.
//! * [`drive`] runs any flow over them.
//! * [`Auth`] is what an application holds: `auth.login(…).await`.
//! * With the feature `conformance`, [`conformance`] holds the tests that every store must pass.

mod account;
mod admin;
mod auth;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod drive;
mod fault;
mod hashing;
mod legacy;
mod shared;
mod store;

pub use admin::Admin;
pub use auth::{Auth, AuthError};
pub use clock::{Clock, SystemClock};
pub use drive::drive;
pub use fault::{Fault, FaultKind};
pub use hashing::{Hashing, InlineHashing};
pub use legacy::{Legacy, NoLegacy};
pub use shared::SharedStore;
pub use store::Store;
