//! Signed values: texts that everybody can read and nobody can change.
//!
//! Two families, and they do not mix:
//!
//! * [`Signer`], [`TimestampSigner`], [`make_token`] and [`verify_token`] sign any text with
//!   [`SigningSecrets`], in the format of tortoise-auth: with the same secret each takes what the other
//!   signed. Use them for links that another system made, or reads.
//! * [`PurposeSigner`] signs a [`Claim`] with the [`KeyRing`](crate::KeyRing), for one purpose: what
//!   was signed to reset a password verifies no address. Use it for everything else.
//!
//! Neither needs a store, and so neither knows whether a value was presented before. What must count
//! once is bound to something that changes when it is used, as the epoch in a [`Claim`] is.
//!
//! Time is an argument; nothing here reads a clock.

mod claim;
mod error;
#[cfg(test)]
mod laws;
mod purpose;
mod secrets;
mod signer;
mod timestamp;
mod token;

pub use claim::{Account, Claim, ClaimTooLong, SignedClaim};
pub use error::SignatureError;
pub use purpose::{
    AccountReopening, ClaimPurpose, EmailChange, EmailUndo, EmailVerification, Invitation,
    PasswordReset, PurposeSigner, Unsubscribe,
};
pub use secrets::{SigningSecrets, SigningSecretsError};
pub use signer::{Signer, UnfitSeparator};
pub use timestamp::{Dated, TimestampSigner, make_token, verify_token};
