//! Testing flows: a deterministic world, faults, transcripts and all interleavings. For tests only.
//!
//! Because a flow does nothing itself, what surrounds it can be made up entirely, and a test needs no
//! database, no runtime and no waiting:
//!
//! * [`World`] answers every command from memory. It has a clock that moves when it is told to, makes
//!   the same randomness each time, and hashes with [`InsecureHasher`], which costs nothing.
//! * [`World::fail`] lets the k-th command fail before or after it is carried out, or a commit
//!   conflict: see [`Mishap`].
//! * [`expect!`] reads a flow as a transcript, question by question.
//! * [`Explorer`] runs a few flows in **every** order in which their commands can reach a store.
//!
//! ```
//! use testudo::Duration;
//! use testudo::flow::{logout, refresh};
//! use testudo::testing::World;
//!
//! let mut world = World::new();
//! world.register("ada@example.com", "correct horse");
//! let tokens = world.login("ada@example.com", "correct horse").tokens;
//!
//! world.advance(Duration::from_minutes(10));
//! let refreshed = world.run(|env| refresh(tokens.refresh.expose(), env))?;
//! let access = refreshed.tokens.access.expose();
//! world.run(|env| logout(access, env))?;
//! assert!(world.authenticate(access).is_err());
//! # Ok::<(), testudo::Refusal>(())
//! ```
//!
//! What does not hold makes a test panic, with a message that says what was found instead.

#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "this module runs in tests only, and panicking is how a test fails"
)]

mod events;
mod explore;
mod faults;
mod insecure_hasher;
mod transcript;
mod world;

pub use events::every_event;
pub use explore::{Ending, Explorer};
pub use faults::{Mishap, WorldFault};
pub use insecure_hasher::InsecureHasher;
pub use transcript::expect;
pub use world::{Backend, World};
