//! The pages in a real browser, and the real server behind them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what is not as expected ends the test, in its helpers too"
)]

mod authenticator;
mod browser;
mod emails;
mod forgery;
mod journeys;
mod keyboard;
mod mistakes;
mod own_step;
mod passwords;
mod place;
mod second_factor;
mod sessions;
mod sign_up;
#[allow(dead_code, reason = "what the tests over HTTP need besides")]
mod support;
