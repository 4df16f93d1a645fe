//! HMAC keys, with both pads already hashed: a MAC costs its message, and not its key again.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use crate::secret::Secret;
use crate::token::jwt::algorithm::Algorithm;
use crate::token::jwt::error::KeyError;

#[derive(Clone)]
pub(super) struct HmacKey {
    id: String,
    prepared: Prepared,
}

#[derive(Clone)]
enum Prepared {
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
}

impl HmacKey {
    pub(super) fn hs256(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(secret, Algorithm::Hs256, 32, Prepared::Hs256(prepare(secret)?))
    }

    pub(super) fn hs384(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(secret, Algorithm::Hs384, 48, Prepared::Hs384(prepare(secret)?))
    }

    pub(super) fn hs512(secret: &Secret<Vec<u8>>) -> Result<Self, KeyError> {
        Self::new(secret, Algorithm::Hs512, 64, Prepared::Hs512(prepare(secret)?))
    }

    fn new(
        secret: &Secret<Vec<u8>>,
        algorithm: Algorithm,
        at_least: usize,
        prepared: Prepared,
    ) -> Result<Self, KeyError> {
        check(secret.expose(), at_least)?;
        Ok(Self { id: id(secret.expose(), algorithm), prepared })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) const fn algorithm(&self) -> Algorithm {
        match &self.prepared {
            Prepared::Hs256(_) => Algorithm::Hs256,
            Prepared::Hs384(_) => Algorithm::Hs384,
            Prepared::Hs512(_) => Algorithm::Hs512,
        }
    }

    pub(super) fn mac(&self, message: &[u8]) -> Vec<u8> {
        match &self.prepared {
            Prepared::Hs256(state) => finish(state, message),
            Prepared::Hs384(state) => finish(state, message),
            Prepared::Hs512(state) => finish(state, message),
        }
    }

    /// In constant time; a MAC that was cut is none.
    pub(super) fn verifies(&self, message: &[u8], mac: &[u8]) -> bool {
        match &self.prepared {
            Prepared::Hs256(state) => state.clone().chain_update(message).verify_slice(mac).is_ok(),
            Prepared::Hs384(state) => state.clone().chain_update(message).verify_slice(mac).is_ok(),
            Prepared::Hs512(state) => state.clone().chain_update(message).verify_slice(mac).is_ok(),
        }
    }
}

fn finish<M: Mac + Clone>(state: &M, message: &[u8]) -> Vec<u8> {
    state.clone().chain_update(message).finalize().into_bytes().to_vec()
}

fn prepare<M: KeyInit>(secret: &Secret<Vec<u8>>) -> Result<M, KeyError> {
    // HMAC takes keys of any length; ours is checked apart.
    M::new_from_slice(secret.expose()).map_err(|_| KeyError::Weak)
}

fn check(secret: &[u8], at_least: usize) -> Result<(), KeyError> {
    if secret.len() < at_least {
        return Err(KeyError::TooShort { at_least });
    }
    let distinct: BTreeSet<u8> = secret.iter().copied().collect();
    // A public key taken for a secret is how algorithms get confused (CVE-2017-11424).
    let published: [&[u8]; 3] = [b"-----BEGIN", b"ssh-", b"ecdsa-sha2-"];
    if distinct.len() < 8 || published.iter().any(|start| secret.starts_with(start)) {
        return Err(KeyError::Weak);
    }
    Ok(())
}

/// Derived, so that all nodes with one secret use one id; by HKDF, so that it tells nothing.
fn id(secret: &[u8], algorithm: Algorithm) -> String {
    let mut id = [0; 16];
    let label: [&[u8]; 2] = [b"testudo/v1/jwt-key-id/", algorithm.name().as_bytes()];
    // Its only error is a length far beyond 16 bytes.
    let _ = Hkdf::<Sha256>::new(None, secret).expand_multi_info(&label, &mut id);
    URL_SAFE_NO_PAD.encode(id)
}

#[cfg(test)]
impl HmacKey {
    /// A key of a secret that may be as short as it likes.
    pub(super) fn unchecked(algorithm: Algorithm, secret: &[u8]) -> Self {
        let secret = Secret::new(secret.to_vec());
        let prepared = match algorithm {
            Algorithm::Hs256 => Prepared::Hs256(prepare(&secret).unwrap()),
            Algorithm::Hs384 => Prepared::Hs384(prepare(&secret).unwrap()),
            _ => Prepared::Hs512(prepare(&secret).unwrap()),
        };
        Self { id: String::new(), prepared }
    }
}
