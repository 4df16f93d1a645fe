//! Runs [`testudo`]'s flows: the async half, tied to no runtime.
//!
//! * [`Store`] and [`Hashing`] are what an adapter implements.
//! * [`Split`] makes one store of several; [`SharedStore`] is one type for all of them.
//! * [`Legacy`] is asked for passwords that still live in the system that accounts come from.
//! * [`Application`] is asked what an application's own onboarding steps want to know; [`Answers`] makes one of
//!   typed functions.
//! * [`EventHandler`] is told what happened; [`EventHandlers`] makes one of several.
//! * [`Courier`] carries letters, which [`Letters`] puts into words.
//! * [`drive`] runs any flow over them.
//! * [`Auth`] is what an application holds: `auth.login(…).await`.
//! * With the feature `conformance`, [`conformance`] holds the tests that every store must pass.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod account;
mod admin;
mod answers;
mod application;
mod auth;
mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
mod courier;
mod drive;
mod event_handler;
mod events;
mod fault;
mod hashing;
mod invitations;
mod legacy;
mod letter;
pub mod observe;
mod onboarding;
mod programs;
mod second_factors;
mod shared;
mod shared_hashing;
mod split;
mod store;

pub use admin::Admin;
pub use answers::Answers;
pub use application::{Application, NoApplication};
pub use auth::{Auth, AuthError};
pub use clock::{Clock, SystemClock};
pub use courier::{Courier, UndeliveredError};
pub use drive::drive;
pub use event_handler::{EventHandler, HandlerError};
pub use events::{EventHandlers, HandlerId, OnFailure, handler_fn};
pub use fault::{Fault, FaultKind};
pub use hashing::{Hashing, InlineHashing};
pub use legacy::{Legacy, NoLegacy};
pub use letter::{Letter, Letters, TemplateError, TemplateErrors};
pub use shared::SharedStore;
pub use shared_hashing::SharedHashing;
pub use split::Split;
pub use store::Store;
