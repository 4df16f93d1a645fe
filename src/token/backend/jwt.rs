//! Access and refresh tokens that are JWTs.

use super::session_jwt::SessionJwt;
use super::{Pair, Presented, Records, TokenBackend, Unprintable};
use crate::keys::KeyRing;
use crate::refusal::Refusal;
use crate::time::{Duration, Timestamp};
#[cfg(feature = "jwt-signatures")]
use crate::token::jwt::JwkSet;
use crate::token::jwt::{KeyError, KeySet, Profile};
use crate::token::{Access, Refresh, Tokens};

/// JWTs for access and refresh.
///
/// As it is made nothing is recorded, and nothing is asked to authenticate a request: what ends a session
/// takes effect at the next refresh, or not at all. [`with_denylist`](Self::with_denylist) and
/// [`recorded`](Self::recorded) change that, for one read a request.
///
/// Keys derive from the key ring, one for each type of token: the newest secret signs, all verify.
///
/// ```
/// use std::sync::Arc;
/// use testudo::token::backend::JwtBackend;
/// use testudo::{KeyRing, Policy, Settings};
///
/// let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let tokens = JwtBackend::hs256(&keys)?
///     .issuer("https://id.example.com")
///     .audience("https://api.example.com")
///     .with_denylist();
/// let settings = Settings::new(Policy::default(), keys).unwrap().with_tokens(Arc::new(tokens));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
///
/// * Without records a refresh token that was stolen is as good as the owner's until the session's absolute
///   end or until the owner signs out everywhere, and nobody notices. Take a denylist unless you cannot.
/// * With a denylist what is known of an ended session goes with the [sweep](crate::flow::sweep), when its
///   tokens have expired. A clock that was so far ahead that records were swept before their time, and then
///   goes back, lets their tokens live again; recorded sessions do not have that.
#[derive(Clone, Debug)]
pub struct JwtBackend {
    access: SessionJwt,
    refresh: SessionJwt,
    records: Records,
}

impl JwtBackend {
    /// Access tokens with HMAC (HS256): for services that share the key ring, or ask.
    ///
    /// # Errors
    ///
    /// Practically none: when a sub-key is unfit for HMAC.
    pub fn hs256(ring: &KeyRing) -> Result<Self, KeyError> {
        let (access, refresh) = (SessionJwt::access_hs256(ring)?, SessionJwt::refresh(ring)?);
        Ok(Self { access, refresh, records: Records::Nothing })
    }

    /// Access tokens with Ed25519 (EdDSA): whoever has the [published keys](Self::published_keys) can read
    /// them. Refresh tokens keep HMAC.
    ///
    /// # Errors
    ///
    /// Practically none: when a sub-key is unfit.
    #[cfg(feature = "jwt-signatures")]
    pub fn ed25519(ring: &KeyRing) -> Result<Self, KeyError> {
        let (access, refresh) = (SessionJwt::access_ed25519(ring)?, SessionJwt::refresh(ring)?);
        Ok(Self { access, refresh, records: Records::Nothing })
    }

    /// Access tokens with keys of your own. Refresh tokens keep those of the ring.
    ///
    /// # Security
    ///
    /// Whoever has a key that signs, or an HMAC key that verifies, signs in as anybody.
    #[must_use]
    pub fn with_access_keys(mut self, keys: KeySet) -> Self {
        self.access.keys = keys;
        self
    }

    /// With a denylist: a session has a record once it is refreshed, ended or carried over a change of
    /// password, and everything takes effect at once. A refresh token is good once.
    #[must_use]
    pub fn with_denylist(self) -> Self {
        Self { records: Records::Exceptions, ..self }
    }

    /// With a record of every session: as with a denylist, and sessions can be listed, and each be ended
    /// from another.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self { records: Records::Every, ..self }
    }

    /// Both tokens carry this `iss`, exactly.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        self.with(|profile| profile.issuer(issuer.clone()))
    }

    /// Both tokens carry this `aud`, exactly.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        let audience = audience.into();
        self.with(|profile| profile.audience(audience.clone()))
    }

    /// How far the clocks of nodes may differ; at most [`Profile::MAX_LEEWAY`]. By so much longer an access
    /// token lasts. Default: none.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        self.with(|profile| profile.leeway(leeway))
    }

    /// The public keys of access tokens, for publishing. HMAC keys are left out.
    #[cfg(feature = "jwt-signatures")]
    #[must_use]
    pub fn published_keys(&self) -> JwkSet {
        self.access.keys.verifying().to_jwk_set()
    }

    fn with(self, change: impl Fn(Profile) -> Profile) -> Self {
        let (access, refresh) = (self.access.with(&change), self.refresh.with(&change));
        Self { access, refresh, ..self }
    }
}

impl TokenBackend for JwtBackend {
    fn records(&self) -> Records {
        self.records
    }

    fn trusts_signed_access(&self) -> bool {
        self.records == Records::Nothing
    }

    fn print(&self, pair: &Pair<'_>) -> Result<Tokens, Unprintable> {
        Ok(Tokens {
            access: self.access.print(pair.session)?,
            refresh: self.refresh.print(pair.session)?,
            expires_in: pair.session.access_expires_at - pair.now,
        })
    }

    fn read_access(&self, text: &str, now: Timestamp) -> Result<Presented<Access>, Refusal> {
        self.access.read(text, now).map(Presented::Signed)
    }

    fn read_refresh(&self, text: &str, now: Timestamp) -> Result<Presented<Refresh>, Refusal> {
        self.refresh.read(text, now).map(Presented::Signed)
    }
}
