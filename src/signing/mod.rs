//! Signed values: texts that everybody can read and nobody can change.
//!
//! [`Signer`], [`TimestampSigner`], [`make_token`] and [`verify_token`] sign any text with
//! [`SigningSecrets`], in the format of tortoise-auth: with the same secret each takes what the other
//! signed.
//!
//! Time is an argument; nothing here reads a clock.

mod error;
mod secrets;
mod signer;
mod timestamp;

pub use error::SignatureError;
pub use secrets::{SigningSecrets, SigningSecretsError};
pub use signer::{Signer, UnfitSeparator};
pub use timestamp::{Dated, TimestampSigner, make_token, verify_token};
