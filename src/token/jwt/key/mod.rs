//! Keys. Each has one algorithm and one id, is checked when it is made, and shows nothing in `Debug`.

mod hmac;
#[cfg(feature = "jwt-signatures")]
mod jwk;
#[cfg(feature = "jwt-signatures")]
mod public;
mod set;
#[cfg(test)]
mod wycheproof;

use std::fmt;

use self::hmac::HmacKey;
#[cfg(feature = "jwt-signatures")]
pub use self::jwk::{Jwk, JwkParameters, JwkSet, JwkUse};
#[cfg(feature = "jwt-signatures")]
use self::public::{PrivateKey, PublicKey};
pub use self::set::{KeySet, VerifyingKeys};
use super::algorithm::Algorithm;
use super::error::KeyError;
use crate::secret::Secret;

/// A key that tokens are made with.
#[derive(Clone)]
pub struct SigningKey {
    signer: Signer,
    verifying: VerifyingKey,
}

#[derive(Clone)]
enum Signer {
    Hmac(Box<HmacKey>),
    #[cfg(feature = "jwt-signatures")]
    Private(PrivateKey),
}

/// A key that tokens are verified with.
///
/// # Security
///
/// That of an HMAC key makes tokens as well: give it to nobody who may not.
#[derive(Clone)]
pub struct VerifyingKey {
    id: String,
    verifier: Verifier,
}

#[derive(Clone)]
enum Verifier {
    Hmac(HmacKey),
    #[cfg(feature = "jwt-signatures")]
    Public(PublicKey),
}

/// The most characters that an id may have.
const MAX_ID_CHARS: usize = 128;

impl SigningKey {
    /// HMAC with SHA-256. The id is derived from the secret and tells nothing about it.
    ///
    /// # Errors
    ///
    /// When the secret is shorter than 32 bytes, repeats a few bytes, or is the text of a public key.
    ///
    /// # Security
    ///
    /// A secret is random bytes, never a passphrase: whoever holds one token can try passphrases
    /// until one fits. Use it for nothing else.
    pub fn hs256(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        HmacKey::hs256(secret).map(Self::hmac)
    }

    /// HMAC with SHA-384.
    ///
    /// # Errors
    ///
    /// As [`SigningKey::hs256`], with at least 48 bytes.
    pub fn hs384(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        HmacKey::hs384(secret).map(Self::hmac)
    }

    /// HMAC with SHA-512.
    ///
    /// # Errors
    ///
    /// As [`SigningKey::hs256`], with at least 64 bytes.
    pub fn hs512(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        HmacKey::hs512(secret).map(Self::hmac)
    }

    /// Ed25519, from a private key as PKCS#8 in DER. The id is the thumbprint (RFC 7638).
    ///
    /// # Errors
    ///
    /// When it is not such a key.
    #[cfg(feature = "jwt-signatures")]
    pub fn ed25519(pkcs8: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        PrivateKey::ed25519(pkcs8).map(Self::private)
    }

    /// The same key under an id of your own.
    ///
    /// # Errors
    ///
    /// When the id is not 1 to 128 printable ASCII characters.
    pub fn with_id(self, id: impl Into<String>) -> Result<Self, KeyError> {
        Ok(Self { verifying: self.verifying.with_id(id)?, ..self })
    }

    /// The key that verifies what this one signs.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// The `kid` of the tokens made with it.
    #[must_use]
    pub fn id(&self) -> &str {
        self.verifying.id()
    }

    /// The `alg` of the tokens made with it.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The signature of a message; `None` when the key could not sign.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match &self.signer {
            Signer::Hmac(key) => Some(key.mac(message)),
            #[cfg(feature = "jwt-signatures")]
            Signer::Private(key) => key.sign(message),
        }
    }

    fn hmac(key: HmacKey) -> Self {
        Self { signer: Signer::Hmac(Box::new(key.clone())), verifying: VerifyingKey::hmac(key) }
    }

    #[cfg(feature = "jwt-signatures")]
    fn private((private, public): (PrivateKey, PublicKey)) -> Self {
        Self { signer: Signer::Private(private), verifying: VerifyingKey::public(public) }
    }
}

impl VerifyingKey {
    /// HMAC with SHA-256: see [`SigningKey::hs256`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn hs256(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        HmacKey::hs256(secret).map(Self::hmac)
    }

    /// HMAC with SHA-384: see [`SigningKey::hs384`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn hs384(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        HmacKey::hs384(secret).map(Self::hmac)
    }

    /// HMAC with SHA-512: see [`SigningKey::hs512`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn hs512(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        HmacKey::hs512(secret).map(Self::hmac)
    }

    /// Ed25519, from the 32 bytes of the public key.
    ///
    /// # Errors
    ///
    /// When there are not 32 of them.
    #[cfg(feature = "jwt-signatures")]
    pub fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        PublicKey::ed25519(x).map(Self::public)
    }

    /// ECDSA on P-256, from the two coordinates of the public key, 32 bytes each. The library makes no such
    /// signatures: they take a random number each, and one that is bad gives the key away.
    ///
    /// A point that is not on the curve is noticed when it verifies: nothing matches.
    ///
    /// # Errors
    ///
    /// When they have another length.
    #[cfg(feature = "jwt-signatures")]
    pub fn es256(x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        PublicKey::ecdsa(Algorithm::Es256, x, y).map(Self::public)
    }

    /// ECDSA on P-384, from the two coordinates of the public key, 48 bytes each: as
    /// [`VerifyingKey::es256`].
    ///
    /// # Errors
    ///
    /// When they have another length.
    #[cfg(feature = "jwt-signatures")]
    pub fn es384(x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        PublicKey::ecdsa(Algorithm::Es384, x, y).map(Self::public)
    }

    /// RSA with PKCS#1 v1.5 and SHA-256, from modulus and exponent (big-endian): for tokens of issuers
    /// that have nothing better. The library makes none.
    ///
    /// # Errors
    ///
    /// When the modulus has less than 2048 or more than 8192 bits or is even, or the exponent is even,
    /// less than 65537 or more than 32 bits. How the primes were chosen cannot be seen, so a modulus
    /// from a broken generator (ROCA) is not noticed.
    #[cfg(feature = "jwt-signatures")]
    pub fn rs256(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        PublicKey::rsa(Algorithm::Rs256, modulus, exponent).map(Self::public)
    }

    /// RSA-PSS with SHA-256: as [`VerifyingKey::rs256`].
    ///
    /// # Errors
    ///
    /// As there.
    #[cfg(feature = "jwt-signatures")]
    pub fn ps256(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        PublicKey::rsa(Algorithm::Ps256, modulus, exponent).map(Self::public)
    }

    /// The same key under an id of your own.
    ///
    /// # Errors
    ///
    /// When the id is not 1 to 128 printable ASCII characters.
    pub fn with_id(self, id: impl Into<String>) -> Result<Self, KeyError> {
        let id = id.into();
        let printable = id.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if id.is_empty() || id.len() > MAX_ID_CHARS || !printable {
            return Err(KeyError::Id);
        }
        Ok(Self { id, ..self })
    }

    /// The `kid` of the tokens that it verifies.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The only `alg` that it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match &self.verifier {
            Verifier::Hmac(key) => key.algorithm(),
            #[cfg(feature = "jwt-signatures")]
            Verifier::Public(key) => key.algorithm(),
        }
    }

    /// Whether this is the signature of the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.verifier {
            Verifier::Hmac(key) => key.verifies(message, signature),
            #[cfg(feature = "jwt-signatures")]
            Verifier::Public(key) => key.verifies(message, signature),
        }
    }

    fn hmac(key: HmacKey) -> Self {
        Self { id: key.id().to_owned(), verifier: Verifier::Hmac(key) }
    }

    #[cfg(feature = "jwt-signatures")]
    fn public(key: PublicKey) -> Self {
        Self { id: key.thumbprint(), verifier: Verifier::Public(key) }
    }

    /// The public key; `None` of an HMAC key, which has no public half.
    #[cfg(feature = "jwt-signatures")]
    const fn public_key(&self) -> Option<&PublicKey> {
        match &self.verifier {
            Verifier::Hmac(_) => None,
            Verifier::Public(key) => Some(key),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({} {}, [redacted])", self.algorithm(), self.id())
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VerifyingKey({} {}, [redacted])", self.algorithm(), self.id())
    }
}
