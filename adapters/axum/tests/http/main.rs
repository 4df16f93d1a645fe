//! Routers as applications build them, asked as clients ask.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what is not as expected ends the test, in its helpers too"
)]

mod audit;
mod cookies;
mod documented;
mod extractors;
mod fresh;
mod layers;
mod limits;
mod support;
