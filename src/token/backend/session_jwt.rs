//! JWTs of a session, of one type: its profile and its keys.

use super::Unprintable;
use crate::keys::{JwtSecrets, KeyRing, MasterKey};
use crate::model::Session;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::jwt::{
    Claims, JwtError, KeyError, KeySet, Profile, SessionClaims, SigningKey, TokenType,
    issue_session, verify,
};

/// Prints and reads the tokens of one type.
#[derive(Clone, Debug)]
pub(super) struct SessionJwt {
    pub(super) profile: Profile,
    pub(super) keys: KeySet,
}

impl SessionJwt {
    /// Access tokens under HMAC sub-keys of the ring.
    pub(super) fn access_hs256(ring: &KeyRing) -> Result<Self, KeyError> {
        let keys = ring_keys(ring, |secrets| hs256(&secrets.access))?;
        Ok(Self { profile: profile(TokenType::AccessJwt), keys })
    }

    /// Access tokens under Ed25519 keys that derive from the ring.
    #[cfg(feature = "jwt-signatures")]
    pub(super) fn access_ed25519(ring: &KeyRing) -> Result<Self, KeyError> {
        let keys = ring_keys(ring, |secrets| ed25519(&secrets.access_ed25519))?;
        Ok(Self { profile: profile(TokenType::AccessJwt), keys })
    }

    /// Refresh tokens under HMAC sub-keys of the ring: nobody else has to read them.
    pub(super) fn refresh(ring: &KeyRing) -> Result<Self, KeyError> {
        let keys = ring_keys(ring, |secrets| hs256(&secrets.refresh))?;
        Ok(Self { profile: profile(TokenType::RefreshJwt), keys })
    }

    /// With another profile; the type of token stays.
    pub(super) fn with(self, change: impl FnOnce(Profile) -> Profile) -> Self {
        Self { profile: change(self.profile), ..self }
    }

    /// The text of the session's current token.
    ///
    /// The same for the same session, whenever it is printed: `iat` is the moment of the refresh, `jti` the
    /// place in the session's life.
    pub(super) fn print(&self, session: &Session) -> Result<Secret<String>, Unprintable> {
        let letter = match self.profile.token_type() {
            TokenType::AccessJwt => 'a',
            TokenType::RefreshJwt => 'r',
        };
        // Two refreshes of one stateless token differ in their moment, or are one.
        let Session { id, generation, refreshed_at, .. } = session;
        let claims = Claims {
            subject: session.user.to_string(),
            id: format!("{id}.{generation}.{}.{letter}", refreshed_at.as_millis()),
            issued_at: *refreshed_at,
            expires_at: self.end_of_token(session),
            not_before: None,
            extra: session.claims.clone(),
        };
        let session = SessionClaims::of(session);
        issue_session(&claims, &session, &self.profile, self.keys.signing())
            .map_err(|_| Unprintable)
    }

    /// The session as the token says, if the token is genuine and its time is not over: to the millisecond,
    /// and strictly before the end.
    pub(super) fn read(&self, text: &str, now: Timestamp) -> Result<Box<Session>, Refusal> {
        // `exp` has no fractions: for other readers a token ends with the second before, for us when it says.
        let within_the_second = Timestamp::from_millis(now.as_millis().saturating_sub(999));
        let verified = verify(text, &self.profile, self.keys.verifying(), within_the_second);
        let verified = verified.map_err(|error| match error {
            JwtError::Expired => Refusal::ExpiredToken,
            _ => Refusal::InvalidToken,
        })?;
        let session = verified.into_session().ok_or(Refusal::InvalidToken)?;
        if now >= self.end_of_token(&session) + self.profile.allowance() {
            return Err(Refusal::ExpiredToken);
        }
        Ok(Box::new(session))
    }

    const fn end_of_token(&self, session: &Session) -> Timestamp {
        match self.profile.token_type() {
            TokenType::AccessJwt => session.access_expires_at,
            // So that a spent one is known for what it is until then.
            TokenType::RefreshJwt => session.expires_at,
        }
    }
}

/// As with opaque tokens, a clock that is behind refuses nothing that another node has made: who made it the
/// signature says, and `exp` how long it lasts.
fn profile(token_type: TokenType) -> Profile {
    Profile::new(token_type).taking_any_iat()
}

/// One key for each secret of the ring: the newest signs, all verify.
fn ring_keys(
    ring: &KeyRing,
    make: impl Fn(&JwtSecrets) -> Result<SigningKey, KeyError>,
) -> Result<KeySet, KeyError> {
    let newest = KeySet::new(make(ring.newest().jwt())?);
    ring.older().iter().map(MasterKey::jwt).try_fold(newest, |keys, secrets| {
        keys.and_verify_with(make(secrets)?.verifying_key().clone())
    })
}

fn hs256(secret: &Secret<[u8; 32]>) -> Result<SigningKey, KeyError> {
    SigningKey::hs256(&Secret::new(secret.expose().to_vec()))
}

/// A seed as PKCS#8 (RFC 8410 7): all of it but the seed is the same for every key.
#[cfg(feature = "jwt-signatures")]
fn ed25519(seed: &Secret<[u8; 32]>) -> Result<SigningKey, KeyError> {
    const PREFIX: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    SigningKey::ed25519(&Secret::new([&PREFIX[..], seed.expose()].concat()))
}
