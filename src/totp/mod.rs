//! Codes of authenticator apps (TOTP, RFC 6238): seeds, and which of their codes still count.
//!
//! A code is six digits of an HMAC of the number of 30-second steps since 1970 under the account's seed. SHA-1 and
//! 30 s are what all apps do; the HMAC is not weakened by what is known against SHA-1.

mod accept;
mod label;
mod qr;
mod seed;
#[cfg(test)]
mod tests;

pub(crate) use accept::accept;
pub(crate) use seed::{Seed, is_code};
