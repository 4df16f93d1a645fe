//! Public keys as JSON (RFC 7517): what an issuer publishes, and what a verifier is configured with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::VerifyingKey;
use super::set::VerifyingKeys;
use crate::token::jwt::error::KeyError;

/// A public key. There is no place in it for a private one or for a secret, nor is any read: a key with
/// other members (`d`, `k` …) loses them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// The numbers of the key.
    #[serde(flatten)]
    pub parameters: JwkParameters,
    /// The `kid` of the tokens that it verifies.
    pub kid: String,
    /// The only `alg` that it verifies.
    pub alg: String,
    /// What it is for.
    #[serde(rename = "use")]
    pub key_use: JwkUse,
}

/// The numbers of a public key, in base64url (RFC 7518 6, RFC 8037 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
#[non_exhaustive]
pub enum JwkParameters {
    /// A point of an elliptic curve.
    #[serde(rename = "EC")]
    Ec {
        /// The curve: `P-256` or `P-384`.
        crv: String,
        /// The first coordinate.
        x: String,
        /// The second coordinate.
        y: String,
    },
    /// A key of Ed25519.
    #[serde(rename = "OKP")]
    Okp {
        /// The curve: `Ed25519`.
        crv: String,
        /// The key.
        x: String,
    },
    /// A key of RSA.
    #[serde(rename = "RSA")]
    Rsa {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
}

/// What a published key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JwkUse {
    /// Signatures.
    #[serde(rename = "sig")]
    Signature,
}

/// The document that an issuer publishes (`application/jwk-set+json`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The public keys.
    pub keys: Vec<Jwk>,
}

impl VerifyingKey {
    /// The key for publishing; `None` of an HMAC key, which is all secret.
    #[must_use]
    pub fn to_jwk(&self) -> Option<Jwk> {
        let parameters = self.public_key()?.parameters().clone();
        let alg = self.algorithm().name().to_owned();
        Some(Jwk { parameters, kid: self.id().to_owned(), alg, key_use: JwkUse::Signature })
    }

    /// The key of a [`Jwk`], with the id that stands there. Its `alg` has to be that of its numbers, or
    /// [one of RSA](VerifyingKey::rs256).
    ///
    /// # Errors
    ///
    /// When the numbers are out of bounds, or `alg` does not go with them.
    ///
    /// # Security
    ///
    /// Trust is in where the key comes from. That is never the token.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let key = match (&jwk.parameters, jwk.alg.as_str()) {
            (JwkParameters::Ec { crv, x, y }, "ES256") if crv == "P-256" => {
                Self::es256(&decode(x)?, &decode(y)?)
            }
            (JwkParameters::Ec { crv, x, y }, "ES384") if crv == "P-384" => {
                Self::es384(&decode(x)?, &decode(y)?)
            }
            (JwkParameters::Okp { crv, x }, "EdDSA") if crv == "Ed25519" => {
                Self::ed25519(&decode(x)?)
            }
            (JwkParameters::Rsa { n, e }, "RS256") => Self::rs256(&decode(n)?, &decode(e)?),
            (JwkParameters::Rsa { n, e }, "PS256") => Self::ps256(&decode(n)?, &decode(e)?),
            _ => Err(KeyError::Malformed),
        };
        key?.with_id(jwk.kid.as_str())
    }
}

impl VerifyingKeys {
    /// The public keys for publishing. HMAC keys are left out.
    #[must_use]
    pub fn to_jwk_set(&self) -> JwkSet {
        JwkSet { keys: self.iter().filter_map(VerifyingKey::to_jwk).collect() }
    }
}

fn decode(number: &str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD.decode(number).map_err(|_| KeyError::Malformed)
}
