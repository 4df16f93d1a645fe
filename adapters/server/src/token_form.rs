//! The form of tokens, and the keys that others verify them with.

use std::sync::Arc;

use testudo::KeyRing;
use testudo::token::backend::{HybridBackend, JwtBackend, OpaqueBackend, TokenBackend};
use testudo::token::jwt::{JwkSet, KeyError};

use crate::config::{Config, Tokens};
use crate::failure::{Failure, while_doing};

/// A form of tokens, made of the master secrets, and what is published of it.
///
/// Every session is recorded, so that the HTTP interface keeps its promises under each.
///
/// # Errors
///
/// When the secrets make no keys.
pub(crate) fn token_form(
    config: &Config,
    keys: &KeyRing,
) -> Result<(Arc<dyn TokenBackend>, JwkSet), Failure> {
    let (issuer, audience) = (config.jwt_issuer.as_deref(), config.jwt_audience.as_deref());
    let refused = while_doing::<KeyError>("cannot make keys for tokens of TESTUDO_SECRET");
    match config.tokens {
        Tokens::Opaque => Ok((Arc::new(OpaqueBackend), JwkSet::default())),
        Tokens::Jwt => {
            let mut tokens = JwtBackend::ed25519(keys).map_err(refused)?.recorded();
            tokens = issuer.into_iter().fold(tokens, JwtBackend::issuer);
            tokens = audience.into_iter().fold(tokens, JwtBackend::audience);
            let published = tokens.published_keys();
            Ok((Arc::new(tokens), published))
        }
        Tokens::Hybrid => {
            let mut tokens = HybridBackend::ed25519(keys).map_err(refused)?;
            tokens = issuer.into_iter().fold(tokens, HybridBackend::issuer);
            tokens = audience.into_iter().fold(tokens, HybridBackend::audience);
            let published = tokens.published_keys();
            Ok((Arc::new(tokens), published))
        }
    }
}
