//! Reading JWTs.
//!
//! Law: what is verified has a header of `alg`, `typ` and `kid`, and is of one type only; its claims can be
//! issued, and what is issued says the same and is valid at the same moment. A text without our MAC is
//! refused.
//!
//! The input is tried as it stands, and, split at its first line break, as header and payload of a token
//! with a good MAC.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sha2::Sha256;
use testudo::token::jwt::{KeySet, Profile, SigningKey, TokenType, Verified, issue, verify};
use testudo::{Secret, Timestamp};

const SECRET: &[u8; 32] = b"wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";

fuzz_target!(|input: &[u8]| {
    let key = SigningKey::hs256(&Secret::new(SECRET.to_vec())).and_then(|key| key.with_id("key"));
    let keys = KeySet::new(key.expect("a good key"));
    if let Ok(text) = std::str::from_utf8(input) {
        assert!(read(text, &keys).is_none(), "{text} was taken");
    }
    let Some(at) = input.iter().position(|byte| *byte == b'\n') else { return };
    let (header, payload) = (&input[..at], &input[at + 1..]);
    let Some((verified, profile)) = read(&signed(header, payload), &keys) else { return };

    let header: Value = serde_json::from_slice(header).expect("a header is JSON");
    let members: Vec<&String> = header.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["alg", "kid", "typ"]);
    assert_eq!((&header["alg"], &header["kid"]), (&"HS256".into(), &"key".into()));
    let claims = verified.claims();
    let again = issue(claims, &profile, keys.signing());
    // Too long, it may be: what was `1e20` is printed in full.
    let Ok(again) = again else { return };
    let (read_again, _) = read(again.expose(), &keys).expect("ours is taken");
    // serde_json reads fractions to the last bit but one.
    if !claims.extra.values().any(has_fraction) {
        assert_eq!(read_again.claims(), claims);
    }
});

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(object) => object.values().any(has_fraction),
        _ => false,
    }
}

/// The claims of a token that some profile takes at some moment; never two.
fn read(text: &str, keys: &KeySet) -> Option<(Verified, Profile)> {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let mut taken =
        [TokenType::AccessJwt, TokenType::RefreshJwt].into_iter().filter_map(|token_type| {
            let profile = Profile::new(token_type);
            let verified = verify(text, &profile, keys.verifying(), now).ok()?;
            assert!(verified.claims().issued_at <= now && now < verified.claims().expires_at);
            Some((verified, profile))
        });
    let first = taken.next();
    assert!(taken.next().is_none(), "{text} is of both types");
    first
}

fn signed(header: &[u8], payload: &[u8]) -> String {
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let message = format!("{}.{}", encode(header), encode(payload));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length").chain_update(&message);
    format!("{message}.{}", encode(&mac.finalize().into_bytes()))
}
