//! JWTs: what is taken, what is refused, and what others make of them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic")]
#![allow(clippy::indexing_slicing, clippy::string_slice, reason = "tests panic")]

mod audience;
mod claims;
mod forged;
mod form;
mod header;
mod interop;
mod key_confusion;
mod keys;
mod moments;
mod properties;
#[cfg(feature = "jwt-signatures")]
mod signatures;
mod support;
mod token_types;
