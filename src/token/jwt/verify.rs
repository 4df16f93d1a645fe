//! Verifying tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::MAX_TOKEN_BYTES;
use super::claims::{Claims, Incoming};
use super::error::JwtError;
use super::header::Header;
use super::key::{VerifyingKey, VerifyingKeys};
use super::profile::Profile;
use super::session::SessionClaims;
use crate::model::Session;
use crate::time::Timestamp;

/// The claims of a token that was verified. There is no other way to one, and none to the claims of a
/// token that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    claims: Claims,
    session: Option<SessionClaims>,
}

impl Verified {
    /// What the token says.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The session that the token is of, if it says so.
    pub(crate) fn into_session(self) -> Option<Session> {
        self.session?.into_session(self.claims)
    }

    /// What the token says, without the proof that it was verified.
    #[must_use]
    pub fn into_claims(self) -> Claims {
        self.claims
    }
}

/// Verifies a token: its form, then its signature, then what it says, at the moment `now`.
///
/// It is valid if and only if `now < exp + leeway`, `now >= nbf - leeway` and `now >= iat - leeway`.
/// Nothing is kept: a token that was verified verifies again until it expires. Whoever takes one once
/// only, or revokes some, remembers `jti`; never the text, of which an ECDSA signature can be changed
/// into another good one.
///
/// # Errors
///
/// Why it is refused; not for the client.
pub fn verify(
    text: &str,
    profile: &Profile,
    keys: &VerifyingKeys,
    now: Timestamp,
) -> Result<Verified, JwtError> {
    if text.len() > MAX_TOKEN_BYTES {
        return Err(JwtError::TooLong);
    }
    let parts = Parts::split(text)?;
    let header = decode(parts.header)?;
    let header: Header<'_> = object(&header).ok_or(JwtError::Header)?;
    let key = key_for(&header, keys)?;
    if !key.verifies(parts.message.as_bytes(), &decode(parts.signature)?) {
        return Err(JwtError::Signature);
    }
    // From here on its issuer speaks and nobody else.
    let payload = decode(parts.payload)?;
    let incoming: Incoming<'_> = object(&payload).ok_or(JwtError::Claims)?;
    if !profile.token_type.is_named_by(&header.typ) {
        return Err(JwtError::TokenType);
    }
    check(&incoming, profile)?;
    check_moment(&incoming.claims, profile, now)?;
    Ok(Verified { claims: incoming.claims, session: incoming.session })
}

struct Parts<'a> {
    /// Header, dot and payload: what is signed.
    message: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, JwtError> {
        let (message, signature) = text.rsplit_once('.').ok_or(JwtError::NotThreeParts)?;
        let (header, payload) = message.split_once('.').ok_or(JwtError::NotThreeParts)?;
        if payload.contains('.') {
            return Err(JwtError::NotThreeParts);
        }
        Ok(Self { message, header, payload, signature })
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Encoding)
}

/// Reads a JSON object. Serde takes an array for a struct, too, which is not to be.
fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    json.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(json).ok())?
}

/// The key that the token names, if the token does not name an algorithm that is not the key's.
fn key_for<'a>(header: &Header<'_>, keys: &'a VerifyingKeys) -> Result<&'a VerifyingKey, JwtError> {
    let key = keys.find(&header.kid).ok_or(JwtError::UnknownKey)?;
    if header.alg != key.algorithm().name() {
        return Err(JwtError::Algorithm);
    }
    Ok(key)
}

fn check(incoming: &Incoming<'_>, profile: &Profile) -> Result<(), JwtError> {
    if incoming.token_type != profile.token_type.claim() {
        return Err(JwtError::TokenType);
    }
    if incoming.issuer.as_deref() != profile.issuer.as_deref() {
        return Err(JwtError::Issuer);
    }
    match (&profile.audience, &incoming.audience) {
        (None, None) => Ok(()),
        (Some(ours), Some(theirs)) if theirs.names(ours) => Ok(()),
        _ => Err(JwtError::Audience),
    }
}

fn check_moment(claims: &Claims, profile: &Profile, now: Timestamp) -> Result<(), JwtError> {
    let leeway = profile.leeway;
    if now >= claims.expires_at + leeway {
        return Err(JwtError::Expired);
    }
    if claims.not_before.is_some_and(|not_before| now + leeway < not_before) {
        return Err(JwtError::NotYetValid);
    }
    if !profile.takes_any_iat && now + leeway < claims.issued_at {
        return Err(JwtError::IssuedInFuture);
    }
    Ok(())
}
