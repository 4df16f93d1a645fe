//! The suite that every store must pass.
//!
//! It is the contract of [`Store`](crate::Store) in a form that runs: what stands on the page of each
//! command, held against a real store, races included. An adapter runs it against the real thing (a
//! database that was started for the tests, never a mock of one), from a test file of its own:
//!
//! ```
//! use testudo_memory::MemoryStore;
//!
//! /// Runs one test of the suite: on which runtime, and on what records.
//! fn on_fresh_records(test: impl AsyncFnOnce(MemoryStore)) {
//!     smol::block_on(test(MemoryStore::new()));
//! }
//!
//! testudo_driver::conformance_tests!(on_fresh_records);
//! # fn main() {}
//! ```
//!
//! [`conformance_tests!`](crate::conformance_tests) makes a `#[test]` of every test in the suite. A
//! test that is added here reaches every adapter with its next run; there is no list to keep.
//!
//! # What the function must do
//!
//! * Hand over a store **without any record**, as the tests of one program may run at the same time: a
//!   database, a schema or a key prefix of its own for each call.
//! * Run the future **to its end** on the runtime that the store needs. The tests are tied to none:
//!   they neither spawn nor sleep, and they say what time it is.
//! * Clean up afterwards. Whatever must outlive the store, such as a temporary directory, is a local
//!   variable of the function.
//!
//! # Races
//!
//! A test that races starts many commands before it waits for the first, all within one task. How far
//! they then overlap is up to the store: with a pool of connections they run side by side in the
//! database. Two ways to ask more of it:
//!
//! * [`Nodes`] makes one store of several handles to the same records, as if requests came to the
//!   nodes of a cluster in turn. Run the suite a second time on two pools, and it also shows that what
//!   one node acknowledged is seen by the next.
//! * A store that never waits runs one command after the other. Put it behind a type that carries
//!   each command out on a thread of a pool, as the tests of `testudo-memory` do.
//!
//! # What a store must hold
//!
//! * Texts of any Unicode as they came, to the byte, and compared so: no trimming, no normalisation, no
//!   collation. A counter's key has up to 300 bytes, a password hash up to 1000, a user agent up to
//!   256 characters, a version of the terms up to 64 bytes.
//! * Sealed seeds of authenticator apps up to 256 bytes, ten recovery codes of 32 bytes, and states of onboarding
//!   sessions up to [`MAX_SEALED_BYTES`](testudo::model::OnboardingSession::MAX_SEALED_BYTES).
//! * JSON objects of 100 kB and more, with whatever JSON can say, including `\u0000` within a string.
//! * [`Epoch`](testudo::model::Epoch), [`Version`](testudo::model::Version) and
//!   [`Duration`](testudo::Duration) from 0 to `i64::MAX`, and so the step of a last code; [`Timestamp`](testudo::Timestamp) from 0 to
//!   its `MAX`; all other numbers in the whole range of their type.
//! * A session or an API key that was inserted before its owner may be refused as a conflict, which is what
//!   a foreign key makes of it, or kept; it is not found either way until the owner is there.
//!
//! A fault in any test fails it: two hundred commands at once are no reason to give up.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "these are tests: they panic to fail, and the name of each says what it shows"
)]

mod api_keys;
mod commit;
mod commit_race;
mod commit_scene;
mod count_attempt;
mod dead_letters;
mod events;
mod factors;
mod find_session;
mod find_user;
mod find_user_with_session;
mod flows;
mod idle_attempts;
mod invitations;
mod key_records;
mod list_events;
mod list_sessions;
mod list_users;
mod manual_clock;
mod messages;
mod nodes;
mod observe;
mod onboarding;
mod onboarding_flows;
mod ping;
mod race;
mod records;
mod reference;
mod remove_user;
mod second_factor_flows;
mod sweep;
#[macro_use]
mod table;
mod world;

pub use manual_clock::ManualClock;
pub use nodes::Nodes;

conformance_tests! { @table [@export] }
