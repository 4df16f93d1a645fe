//! Key pairs: Ed25519, and the public halves of ECDSA and RSA, by the signature functions of
//! `jsonwebtoken`.
//!
//! Of that crate nothing else is used. Its reading of tokens asks the system's clock; and its choice of
//! a back end depends on which features the whole program turns on, so the back end is named here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::EllipticCurve;
use jsonwebtoken::{Algorithm as Jwa, DecodingKey, EncodingKey};
use sha2::{Digest as _, Sha256};

use super::jwk::JwkParameters;
use crate::secret::Secret;
use crate::token::jwt::algorithm::Algorithm;
use crate::token::jwt::error::KeyError;

/// A private key of Ed25519, whose signatures take no randomness. `EncodingKey` is wiped when dropped.
#[derive(Clone)]
pub(super) struct PrivateKey {
    key: EncodingKey,
}

#[derive(Clone)]
pub(super) struct PublicKey {
    algorithm: Algorithm,
    jwa: Jwa,
    key: DecodingKey,
    parameters: JwkParameters,
}

impl PrivateKey {
    pub(super) fn ed25519(pkcs8: &Secret<Vec<u8>>) -> Result<(Self, PublicKey), KeyError> {
        let components = DEFAULT_PROVIDER.key_utils.ed_pub_components_from_private_key;
        let x = components(pkcs8.expose(), &EllipticCurve::Ed25519);
        let public = PublicKey::ed25519(&x.map_err(|_| KeyError::Malformed)?)?;
        Ok((Self { key: EncodingKey::from_ed_der(pkcs8.expose()) }, public))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signer = (DEFAULT_PROVIDER.signer_factory)(&Jwa::EdDSA, &self.key).ok()?;
        signer.try_sign(message).ok()
    }
}

impl PublicKey {
    pub(super) fn ed25519(x: &[u8]) -> Result<Self, KeyError> {
        if x.len() != 32 {
            return Err(KeyError::Malformed);
        }
        let parameters = JwkParameters::Okp { crv: "Ed25519".into(), x: encode(x) };
        Self::new(Algorithm::EdDsa, DecodingKey::from_ed_der(x), parameters)
    }

    /// `algorithm` is one of ECDSA.
    pub(super) fn ecdsa(algorithm: Algorithm, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let (crv, bytes) = match algorithm {
            Algorithm::Es256 => ("P-256", 32),
            Algorithm::Es384 => ("P-384", 48),
            _ => return Err(KeyError::Malformed),
        };
        if x.len() != bytes || y.len() != bytes {
            return Err(KeyError::Malformed);
        }
        // The uncompressed point of SEC 1 2.3.3.
        let point = [&[4], x, y].concat();
        let parameters = JwkParameters::Ec { crv: crv.into(), x: encode(x), y: encode(y) };
        Self::new(algorithm, DecodingKey::from_ec_der(&point), parameters)
    }

    /// `algorithm` is one of RSA.
    pub(super) fn rsa(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        let (n, e) = (without_leading_zeros(n), without_leading_zeros(e));
        let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        let exponent = e.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
        let good_exponent = e.len() <= 4 && exponent >= 65_537 && odd(e);
        if !(2048..=8192).contains(&bits(n)) || !odd(n) || !good_exponent {
            return Err(KeyError::Malformed);
        }
        let parameters = JwkParameters::Rsa { n: encode(n), e: encode(e) };
        Self::new(algorithm, DecodingKey::from_rsa_raw_components(n, e), parameters)
    }

    fn new(
        algorithm: Algorithm,
        key: DecodingKey,
        parameters: JwkParameters,
    ) -> Result<Self, KeyError> {
        let jwa = jwa(algorithm).ok_or(KeyError::Malformed)?;
        Ok(Self { algorithm, jwa, key, parameters })
    }

    pub(super) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) const fn parameters(&self) -> &JwkParameters {
        &self.parameters
    }

    /// RFC 7638: the SHA-256 of the key's numbers as JSON, in the order of the alphabet.
    pub(super) fn thumbprint(&self) -> String {
        let members = match &self.parameters {
            JwkParameters::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            JwkParameters::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
            JwkParameters::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        encode(&Sha256::digest(members))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        (DEFAULT_PROVIDER.verifier_factory)(&self.jwa, &self.key)
            .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}

/// `None` of HMAC, which is ours.
const fn jwa(algorithm: Algorithm) -> Option<Jwa> {
    match algorithm {
        Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
        Algorithm::EdDsa => Some(Jwa::EdDSA),
        Algorithm::Es256 => Some(Jwa::ES256),
        Algorithm::Es384 => Some(Jwa::ES384),
        Algorithm::Rs256 => Some(Jwa::RS256),
        Algorithm::Ps256 => Some(Jwa::PS256),
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.split_at_checked(zeros).map_or(number, |(_, rest)| rest)
}

/// How many bits a number without leading zero bytes has.
fn bits(number: &[u8]) -> usize {
    let leading = number.first().map_or(0, |byte| byte.leading_zeros());
    (number.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(8))
}
