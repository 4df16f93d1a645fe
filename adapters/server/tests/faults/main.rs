//! The binary under a load of people, while what it stands on is killed, paused and cut off at random.
//!
//! People sign up, sign in, refresh, sign out and change their passwords over HTTP, and write down what they were
//! told. After each fault everything that was acknowledged is held against what the server now says:
//!
//! * nothing that was acknowledged is lost, and what nobody knows of is there as a whole or not at all;
//! * no token is alive that was revoked, and no password opens anything that was replaced;
//! * no code is spent twice, and a refresh has one successor;
//! * no more guesses are looked at than the policy allows;
//! * meanwhile answers are 503 with `Retry-After`, never a grant and never a 500, and come in a bounded time;
//! * the server recovers by itself within seconds.
//!
//! `TESTUDO_FAULT_KILLS` says how often something is killed (5 times unless said), and `TESTUDO_FAULT_SEED` which faults
//! come when: a test that fails prints its own. Threads take turns as they like, so a seed repeats the faults and not
//! each request.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "what is not as expected ends the test; a campaign says how far it is"
)]

mod account;
mod asking;
mod campaign;
mod codes;
mod fault;
mod guessing;
mod letters;
mod passwords;
mod person;
mod real_server;
mod scene;
mod sessions;
mod signing_up;

#[path = "../support/mod.rs"]
mod support;

use scene::Scene;

#[test]
fn sqlite_keeps_its_word_when_the_server_is_killed() {
    campaign::run(Scene::on_sqlite());
}

#[test]
#[should_panic(expected = "is lost")]
fn a_store_that_forgets_is_found_out() {
    campaign::run(Scene::on_memory());
}
