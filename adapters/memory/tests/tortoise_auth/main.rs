//! What tortoise-auth's onboarding does, done here too; and what it gets wrong, shown to be gone.
//!
//! Read off its version 0.6.0, and run against it. Where something is meant to differ, the name of the test says
//! so and a comment why.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests"
)]

mod behaviours;
mod defects;
mod service;
