//! The form of tokens, as data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::keys::KeyRing;
#[cfg(feature = "jwt")]
use crate::token::backend::{HybridBackend, JwtBackend};
use crate::token::backend::{OpaqueBackend, TokenBackend};

/// The form of tokens. Keys of signed ones derive from the key ring. A form of your own is set in code:
/// [`Settings::with_tokens`](crate::Settings::with_tokens).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tokens {
    /// Default: opaque.
    pub form: TokenForm,
    /// The `alg` of access tokens that are JWTs: `HS256`, or with the feature `jwt-signatures` `EdDSA`. Default:
    /// `HS256`.
    pub algorithm: String,
    /// The `iss` of JWTs. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The `aud` of JWTs. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

/// A form of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TokenForm {
    /// Random, looked up with each request.
    #[default]
    Opaque,
    /// Signed; nothing is recorded.
    #[cfg(feature = "jwt")]
    Jwt,
    /// Signed; what ends before its time is recorded.
    #[cfg(feature = "jwt")]
    JwtWithDenylist,
    /// Signed; every session is recorded.
    #[cfg(feature = "jwt")]
    JwtRecorded,
    /// Signed for access, random for refresh; every session is recorded.
    #[cfg(feature = "jwt")]
    Hybrid,
}

impl Default for Tokens {
    fn default() -> Self {
        let algorithm = "HS256".to_owned();
        Self { form: TokenForm::Opaque, algorithm, issuer: None, audience: None }
    }
}

/// A form of tokens with its keys.
pub(super) struct Made {
    pub(super) backend: Arc<dyn TokenBackend>,
    #[cfg(feature = "jwt-signatures")]
    pub(super) published: crate::token::jwt::JwkSet,
}

impl Made {
    fn opaque() -> Self {
        Self {
            backend: Arc::new(OpaqueBackend),
            #[cfg(feature = "jwt-signatures")]
            published: crate::token::jwt::JwkSet::default(),
        }
    }
}

impl Tokens {
    pub(super) fn backend(&self, keys: &KeyRing, errors: &mut Vec<ConfigError>) -> Option<Made> {
        let before = errors.len();
        for (setting, name) in [("issuer", &self.issuer), ("audience", &self.audience)] {
            let fits =
                |name: &String| (1..=256).contains(&name.len()) && !name.contains(char::is_control);
            if !name.as_ref().is_none_or(fits) {
                let expected = "expected a name or URL of 1 to 256 bytes";
                errors.push(ConfigError::new(format!("tokens.{setting}"), expected));
            }
        }
        let made = self.made(keys);
        let unfit =
            made.is_none().then(|| ConfigError::new("tokens.algorithm", EXPECTED_ALGORITHM));
        errors.extend(unfit);
        made.filter(|_| errors.len() == before)
    }

    #[cfg(not(feature = "jwt"))]
    fn made(&self, _keys: &KeyRing) -> Option<Made> {
        (self.algorithm == "HS256").then(Made::opaque)
    }

    #[cfg(feature = "jwt")]
    fn made(&self, keys: &KeyRing) -> Option<Made> {
        let (jwt, hybrid) = match self.algorithm.as_str() {
            "HS256" => (JwtBackend::hs256(keys).ok()?, HybridBackend::hs256(keys).ok()?),
            #[cfg(feature = "jwt-signatures")]
            "EdDSA" => (JwtBackend::ed25519(keys).ok()?, HybridBackend::ed25519(keys).ok()?),
            _ => return None,
        };
        Some(match self.form {
            TokenForm::Opaque => Made::opaque(),
            TokenForm::Jwt => self.jwt(jwt),
            TokenForm::JwtWithDenylist => self.jwt(jwt.with_denylist()),
            TokenForm::JwtRecorded => self.jwt(jwt.recorded()),
            TokenForm::Hybrid => self.hybrid(hybrid),
        })
    }

    #[cfg(feature = "jwt")]
    fn jwt(&self, backend: JwtBackend) -> Made {
        let backend = self.issuer.iter().fold(backend, JwtBackend::issuer);
        let backend = self.audience.iter().fold(backend, JwtBackend::audience);
        Made {
            #[cfg(feature = "jwt-signatures")]
            published: backend.published_keys(),
            backend: Arc::new(backend),
        }
    }

    #[cfg(feature = "jwt")]
    fn hybrid(&self, backend: HybridBackend) -> Made {
        let backend = self.issuer.iter().fold(backend, HybridBackend::issuer);
        let backend = self.audience.iter().fold(backend, HybridBackend::audience);
        Made {
            #[cfg(feature = "jwt-signatures")]
            published: backend.published_keys(),
            backend: Arc::new(backend),
        }
    }
}

#[cfg(feature = "jwt-signatures")]
const EXPECTED_ALGORITHM: &str = "expected HS256 or EdDSA";
#[cfg(not(feature = "jwt-signatures"))]
const EXPECTED_ALGORITHM: &str = "expected HS256";
