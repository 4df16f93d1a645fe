//! Every flow, whatever it is asked and whatever the world answers.
//!
//! Law: no flow panics; it ends after a bounded number of questions; every batch is one that the
//! contract of `Commit` allows; nothing is granted that was not committed, and no secret is shown by a
//! question or an event. What each flow may grant on which answers stands in `flows.rs`.
//!
//! # A new command
//!
//! [`Respond`](testudo::Respond) asks for a method for it, in `replies.rs`: choose a reply, mostly a
//! plausible one, with [`Choices`](testudo_fuzz::Choices), and keep in `Record` what the laws need.
//!
//! # A new flow
//!
//! A row of [`flows::FLOWS`]: choose a request (`requests.rs`), run it, check what it ended with. The
//! target does not start while a flow of `src/flow/mod.rs` has no row.

#![no_main]

mod flows;
mod genuine;
mod links;
mod onboarding;
mod replies;
mod requests;
mod sessions;
mod trial;

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: flows::assert_complete(), |input: &[u8]| {
    let mut trial = trial::Trial::new(input);
    let run = trial.any_flow();
    run(&mut trial);
});
