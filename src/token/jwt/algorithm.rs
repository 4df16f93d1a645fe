//! Algorithms, by the names of RFC 7518 3.1 and RFC 8037.

use std::fmt;

/// What a key signs or verifies with. A key has one, for good: it is never taken from a token.
///
/// There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
    /// Ed25519 (RFC 8037).
    #[cfg(feature = "jwt-signatures")]
    EdDsa,
    /// ECDSA on P-256 with SHA-256; verified only.
    #[cfg(feature = "jwt-signatures")]
    Es256,
    /// ECDSA on P-384 with SHA-384; verified only.
    #[cfg(feature = "jwt-signatures")]
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256; verified only.
    #[cfg(feature = "jwt-signatures")]
    Rs256,
    /// RSASSA-PSS with SHA-256; verified only.
    #[cfg(feature = "jwt-signatures")]
    Ps256,
}

impl Algorithm {
    /// The name in the `alg` of a header; case matters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            #[cfg(feature = "jwt-signatures")]
            Self::EdDsa => "EdDSA",
            #[cfg(feature = "jwt-signatures")]
            Self::Es256 => "ES256",
            #[cfg(feature = "jwt-signatures")]
            Self::Es384 => "ES384",
            #[cfg(feature = "jwt-signatures")]
            Self::Rs256 => "RS256",
            #[cfg(feature = "jwt-signatures")]
            Self::Ps256 => "PS256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
