//! The binary under a load of people, while it and what it stands on are killed, paused and cut off at random.
//!
//! People sign up, sign in, refresh, sign out and change their passwords over HTTP, and write down what they were
//! told. After each fault everything that was acknowledged is held against what the server now says:
//!
//! * nothing that was acknowledged is lost, and what nobody knows of is there as a whole or not at all;
//! * no token is alive that was revoked, and no password opens anything that was replaced: not while something is broken
//!   either, when a thief tries all that counts no more;
//! * no code is spent twice, also where nobody was told what came of the first time; a refresh has one successor, and whoever
//!   signs up twice at once has one account;
//! * no more guesses are looked at than the policy allows;
//! * meanwhile answers are 503 with `Retry-After`, never a grant and never a 500, and come in a bounded time;
//! * the server recovers by itself within seconds, and in peace everybody is told what became of what they asked for;
//! * what operators are shown in the end (accounts, recovery codes, the audit trail) is what people were told.
//!
//! `TESTUDO_FAULT_KILLS` says how often each of the servers is killed, the application too (a few times unless said), and
//! `TESTUDO_FAULT_SEED` which faults come when: a campaign prints its own. Threads take turns as they like, so a seed
//! repeats the faults and not each request. The last line tells how often what was killed, and how soon all was well again.
//!
//! What was on its way when a connection broke may be done a while later, and what comes second then is told so: campaigns
//! with slow commits are about that.
//!
//! The laws are held against a server that breaks them, too, one by one (`found_out`).
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
mod backing;
mod campaign;
mod codes;
mod fault;
mod found_out;
mod guessing;
mod kills;
mod letters;
mod liar;
mod machine;
mod passwords;
mod person;
mod real_server;
mod scene;
mod sessions;
mod signing_up;
mod thief;
mod trail;
mod witness;
mod work;

#[path = "../support/mod.rs"]
mod support;

use scene::Scene;

#[test]
fn sqlite_keeps_its_word_when_the_server_is_killed() {
    campaign::run(Scene::on_sqlite(), 3);
}

#[test]
fn sqlite_keeps_its_word_about_jwts_when_the_server_is_killed() {
    campaign::run(Scene::on_sqlite().issuing("jwt"), 2);
}

#[test]
#[should_panic(expected = "is lost")]
fn a_store_that_forgets_is_found_out() {
    campaign::run_once(Scene::on_memory());
}
