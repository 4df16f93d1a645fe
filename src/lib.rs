//! Authentication and user management as pure state machines.
//!
//! A **flow** ([`flow::login`], [`flow::refresh`] …) never touches a database, a clock, a random
//! source or a runtime. It asks one typed question at a time ([`Step`]), and the answer moves it on:
//!
//! ```
//! use std::sync::Arc;
//! use testudo::flow::{Login, login};
//! use testudo::{Client, Entropy, Env, KeyRing, Policy, Settings, Step, Timestamp};
//!
//! let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
//! let settings = Arc::new(Settings::new(Policy::default(), keys).unwrap());
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! # let seed = [7; 32];
//! let env = Env::new(now, Entropy::from_seed(seed), Client::unknown(), settings);
//!
//! let step = login(Login::new("ada@example.com", "correct horse".into()), env);
//! // The first thing a login wants is that its attempt be counted.
//! assert!(matches!(step, Step::CountAttempt(_)));
//! # Ok::<(), testudo::KeyRingError>(())
//! ```
//!
//! Start reading at [`step`], the protocol; then any file of [`flow`]. What an adapter must uphold
//! stands with each [`command`].
//!
//! # Features
//!
//! * `jwt`: JWTs with HMAC, as a setting ([`token::backend`]) and as pure functions. No dependency more.
//! * `jwt-signatures`: JWTs with Ed25519; ECDSA and RSA are verified. Takes a C compiler.
//! * `reference`: [`reference::Tables`], the meaning of every store command as plain data.
//! * `testing`: [`testing::World`], a deterministic world with a clock and faults, and the explorer of
//!   all interleavings of flows. For tests only.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

pub mod command;
pub mod config;
mod drive;
mod entropy;
mod env;
pub mod event;
pub mod flow;
mod keys;
pub mod message;
pub mod model;
pub mod onboarding;
pub mod owed;
pub mod password;
mod policy;
#[allow(dead_code, unused_imports, reason = "the flows that use it follow")]
mod recovery_codes;
#[cfg(feature = "reference")]
pub mod reference;
mod refusal;
mod sealed;
mod secret;
pub mod service;
pub mod signing;
pub mod step;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
pub mod token;
#[allow(dead_code, unused_imports, reason = "the flows that use it follow")]
mod totp;

pub use config::Config;
pub use drive::{Respond, drive, respond};
pub use entropy::Entropy;
pub use env::{Env, Settings};
pub use keys::{KeyId, KeyRing, KeyRingError, Purpose};
pub use model::Client;
pub use policy::{Policy, PolicyError, ProfileMatch, SecondFactor};
pub use refusal::{FieldError, Refusal};
pub use secret::Secret;
pub use step::{Ask, Command, Pending, Step, ask};
pub use time::{Duration, NotATimestamp, Timestamp};
