//! Access tokens that are JWTs, refresh tokens that are opaque.

use super::session_jwt::SessionJwt;
use super::{OpaqueBackend, Pair, Presented, Records, TokenBackend, Unprintable};
use crate::keys::KeyRing;
use crate::refusal::Refusal;
use crate::time::{Duration, Timestamp};
#[cfg(feature = "jwt-signatures")]
use crate::token::jwt::JwkSet;
use crate::token::jwt::{KeyError, KeySet};
use crate::token::{Access, Refresh, Tokens};

/// A JWT for access and an opaque, recorded token for refresh.
///
/// [`authenticate`](crate::flow::authenticate) asks nothing: an access token lives until it expires, whatever
/// becomes of its session, and then no longer than
/// [`Policy::access_lifetime`](crate::Policy::access_lifetime). Refreshing, and every flow that reads the
/// session, such as [`authenticate_user`](crate::flow::authenticate_user), is told at once.
///
/// ```
/// use std::sync::Arc;
/// use testudo::token::backend::HybridBackend;
/// use testudo::{KeyRing, Policy, Settings};
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let tokens = HybridBackend::hs256(&keys)?.issuer("https://id.example.com");
/// let settings = Settings::new(Policy::default(), keys).unwrap().with_tokens(Arc::new(tokens));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HybridBackend {
    access: SessionJwt,
}

impl HybridBackend {
    /// Access tokens with HMAC (HS256): for services that share the key ring.
    ///
    /// # Errors
    ///
    /// Practically none: when a sub-key is unfit for HMAC.
    pub fn hs256(ring: &KeyRing) -> Result<Self, KeyError> {
        Ok(Self { access: SessionJwt::access_hs256(ring)? })
    }

    /// Access tokens with Ed25519 (EdDSA): whoever has the [published keys](Self::published_keys) can read
    /// them.
    ///
    /// # Errors
    ///
    /// Practically none: when a sub-key is unfit.
    #[cfg(feature = "jwt-signatures")]
    pub fn ed25519(ring: &KeyRing) -> Result<Self, KeyError> {
        Ok(Self { access: SessionJwt::access_ed25519(ring)? })
    }

    /// Access tokens with keys of your own.
    ///
    /// # Security
    ///
    /// Whoever has a key that signs, or an HMAC key that verifies, signs in as anybody.
    #[must_use]
    pub fn with_access_keys(mut self, keys: KeySet) -> Self {
        self.access.keys = keys;
        self
    }

    /// Access tokens carry this `iss`, exactly.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self { access: self.access.with(|profile| profile.issuer(issuer)) }
    }

    /// Access tokens carry this `aud`, exactly.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self { access: self.access.with(|profile| profile.audience(audience)) }
    }

    /// How far the clocks of nodes may differ; at most
    /// [`Profile::MAX_LEEWAY`](crate::token::jwt::Profile::MAX_LEEWAY). By so much longer an access token
    /// lasts. Default: none.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { access: self.access.with(|profile| profile.leeway(leeway)) }
    }

    /// The public keys of access tokens, for publishing. HMAC keys are left out.
    #[cfg(feature = "jwt-signatures")]
    #[must_use]
    pub fn published_keys(&self) -> JwkSet {
        self.access.keys.verifying().to_jwk_set()
    }
}

impl TokenBackend for HybridBackend {
    fn records(&self) -> Records {
        Records::Every
    }

    fn trusts_signed_access(&self) -> bool {
        true
    }

    fn print(&self, pair: &Pair<'_>) -> Result<Tokens, Unprintable> {
        Ok(Tokens {
            access: self.access.print(pair.session)?,
            refresh: pair.refresh.ok_or(Unprintable)?.reveal(),
            expires_in: pair.session.access_expires_at - pair.now,
        })
    }

    fn read_access(&self, text: &str, now: Timestamp) -> Result<Presented<Access>, Refusal> {
        self.access.read(text, now).map(Presented::Signed)
    }

    fn read_refresh(&self, text: &str, now: Timestamp) -> Result<Presented<Refresh>, Refusal> {
        OpaqueBackend.read_refresh(text, now)
    }
}
