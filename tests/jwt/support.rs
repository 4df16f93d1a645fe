//! A key, a profile, good claims, and tokens with whatever header and payload a test wants.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use testudo::token::jwt::{
    Claims, JwtError, KeySet, Profile, SigningKey, TokenType, Verified, issue, verify,
};
use testudo::{Duration, Secret, Timestamp};

pub(crate) const SECRET: &[u8; 64] =
    b"wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5FePz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh";

/// In seconds.
pub(crate) const NOW: u64 = 1_700_000_000;

pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

pub(crate) fn secret(bytes: usize) -> Secret<Vec<u8>> {
    Secret::new(SECRET[..bytes].to_vec())
}

pub(crate) fn keys() -> KeySet {
    KeySet::new(SigningKey::hs256(&secret(32)).unwrap().with_id("key").unwrap())
}

pub(crate) fn access() -> Profile {
    Profile::new(TokenType::AccessJwt)
}

pub(crate) fn claims() -> Claims {
    Claims {
        subject: "ada".into(),
        id: "token-1".into(),
        issued_at: at(NOW),
        expires_at: at(NOW) + Duration::from_minutes(15),
        not_before: None,
        extra: serde_json::Map::new(),
    }
}

/// A good token.
pub(crate) fn token() -> String {
    issue(&claims(), &access(), keys().signing()).unwrap().expose().clone()
}

pub(crate) fn verified(text: &str) -> Result<Verified, JwtError> {
    verify(text, &access(), keys().verifying(), at(NOW))
}

/// Why the token is refused.
pub(crate) fn refusal(text: &str) -> JwtError {
    match verified(text) {
        Err(error) => error,
        Ok(_) => panic!("{text} was taken"),
    }
}

pub(crate) fn header() -> Value {
    json!({"alg": "HS256", "typ": "at+jwt", "kid": "key"})
}

pub(crate) fn payload() -> Value {
    json!({"sub": "ada", "jti": "1", "iat": NOW, "exp": NOW + 900, "token_type": "access"})
}

/// The good one with some members changed; null takes one out.
pub(crate) fn with(mut object: Value, changes: Value) -> Value {
    for (key, value) in changes.as_object().unwrap() {
        if value.is_null() {
            object.as_object_mut().unwrap().remove(key);
        } else {
            object[key] = value.clone();
        }
    }
    object
}

/// A token with a good MAC, whatever it says.
pub(crate) fn signed(header: impl ToString, payload: impl ToString) -> String {
    signed_with(&SECRET[..32], header, payload)
}

pub(crate) fn signed_with(secret: &[u8], header: impl ToString, payload: impl ToString) -> String {
    let message = format!("{}.{}", encode(header.to_string()), encode(payload.to_string()));
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&message);
    format!("{message}.{}", encode(mac.finalize().into_bytes()))
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
