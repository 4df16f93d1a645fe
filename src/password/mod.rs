//! Passwords, their stored hashes, and the hashers that connect them.

mod argon2;
mod bcrypt;
mod bcrypt_sha256;
mod chain;
mod hasher;
mod pbkdf2;
mod pepper;
mod scrypt;
mod stored;
pub mod validation;
mod work;

pub use self::argon2::{Argon2d, Argon2i, Argon2id};
pub use self::bcrypt::Bcrypt;
pub use self::bcrypt_sha256::BcryptSha256;
pub use self::chain::{HasherChain, Inspected};
pub use self::hasher::{HashError, Hasher, Verifier};
pub use self::pbkdf2::{Pbkdf2Sha1, Pbkdf2Sha256, Pbkdf2Sha512};
pub use self::pepper::{Pepper, Peppers};
pub use self::scrypt::Scrypt;
pub use self::work::WorkBuffer;

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::entropy::Entropy;
use crate::secret::Secret;

/// A password as somebody typed it.
///
/// It is taken as received: no trimming, no truncation, no change of case (ASVS 5.0 6.2.8). Only
/// Unicode NFC is applied before hashing (NIST SP 800-63B-4 3.1.1.2), so that the same text typed on
/// two keyboards is the same password.
#[derive(Clone, Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// The most bytes a password may have: beyond it no work is done.
    pub const MAX_BYTES: usize = 4096;

    /// Takes charge of a password.
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(Secret::new(typed))
    }

    /// Whether the password is longer than [`Password::MAX_BYTES`].
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        self.0.expose().len() > Self::MAX_BYTES
    }

    /// The length in Unicode code points, each of which counts as one (NIST SP 800-63B-4 3.1.1.2).
    #[must_use]
    pub fn code_points(&self) -> usize {
        self.0.expose().chars().count()
    }

    /// The text as it was typed.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether both are the same text once they are in NFC.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.normalized().same_as(&other.normalized())
    }

    /// The text in NFC, as it is hashed.
    #[must_use]
    pub fn normalized(&self) -> Secret<String> {
        // NFC makes UTF-8 at most three times as long (UAX #15): reserved at once, so that growing
        // leaves no copies behind.
        let typed = self.0.expose();
        let mut text = String::with_capacity(typed.len().saturating_mul(3));
        text.extend(typed.nfc());
        Secret::new(text)
    }
}

impl From<&str> for Password {
    fn from(typed: &str) -> Self {
        Self::new(typed.to_owned())
    }
}

/// A stored password hash as one string, or the mark that there is no usable password.
///
/// `Debug` is redacted: a hash is not a password, but it is what an attacker would crack.
/// For the same reason it does not serialise: a store takes it out with [`Self::as_stored`].
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// It begins with `!`, so that whoever does not know it takes it for no usable password.
const LEGACY: &str = "!legacy";

impl PasswordHash {
    /// Takes a stored string as it is. Whether it can be read shows when it is used.
    #[must_use]
    pub fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    /// A value that no password matches, for accounts that sign in by other means.
    ///
    /// It starts with `!` and is random, so that two such accounts do not look alike.
    pub(crate) fn unusable(entropy: &mut Entropy) -> Self {
        Self(format!("!{:032x}", u128::from_be_bytes(entropy.bytes())))
    }

    /// The mark of an account whose password still lives in the system that it comes from:
    /// `!legacy`. Where [`Policy::consult_legacy`](crate::Policy::consult_legacy) is on, a sign-in
    /// asks there; elsewhere such an account has no usable password.
    #[must_use]
    pub fn legacy() -> Self {
        Self(LEGACY.to_owned())
    }

    /// Whether this is the mark of [`PasswordHash::legacy`].
    #[must_use]
    pub fn is_legacy(&self) -> bool {
        self.0 == LEGACY
    }

    /// Whether a password could match at all.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.0.is_empty() && !self.0.starts_with('!')
    }

    /// Whether every store can keep a string as a hash: a NUL within it would be the end of a batch
    /// on some of them. No scheme writes control characters, so that none is taken from elsewhere.
    #[must_use]
    pub fn is_storable(stored: &str) -> bool {
        !stored.contains(char::is_control)
    }

    /// What [`PasswordHash::is_storable`] expects.
    pub(crate) const STORABLE: &str = "no control characters";

    /// The string to store.
    #[must_use]
    pub fn as_stored(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.is_usable() {
            "PasswordHash([redacted])"
        } else {
            "PasswordHash(unusable)"
        })
    }
}

/// A salt of 128 bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 16]);

impl Salt {
    /// A salt of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Salt([redacted])")
    }
}
