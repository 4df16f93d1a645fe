//! The ready pages, as browsers use them: with cookies, forms and links, and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what is not as expected ends the test, in its helpers too"
)]

mod account;
mod browser;
mod every_page;
mod faults;
mod fields;
mod forms;
mod html;
mod letters;
mod owed;
mod sign_in;
mod sign_up;
mod site;
