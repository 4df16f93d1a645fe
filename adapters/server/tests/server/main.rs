//! The binary as its users have it: started, asked over HTTP, killed, started again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what is not as expected ends the test, in its helpers too"
)]

mod account;
mod api_keys;
mod audit;
mod closing;
mod commands;
mod configuration;
mod emails;
mod hashes;
mod imports;
mod imports_underway;
mod input;
mod invitations;
mod lifecycle;
mod limits;
mod logs;
mod measurements;
mod nodes;
mod onboarding;
mod onboarding_limits;
mod onboarding_rules;
mod pages;
mod real_server_clocks;
mod real_server_imports;
mod real_server_migrations;
mod real_server_tls;
mod resets;
mod second_factor;
mod services;
mod sessions;
mod smtp;
mod story;
#[path = "../support/mod.rs"]
mod support;
mod token_forms;
mod totp;
mod users;
mod webhooks;
