//! Reading JWTs.
//!
//! Law: what is verified has a header of `alg`, `typ` and `kid`, and is of one type only; its claims can be
//! issued, and what is issued says the same and is valid at the same moment. A text without our MAC is
//! refused.
//!
//! No text that we did not sign opens or refreshes a session, nor asks a store anything. What is signed with the
//! right key is no session unless it says all that a session is.
//!
//! The input is tried as it stands, and, split at its first line break, as header and payload of a token
//! with a good MAC.

#![no_main]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sha2::Sha256;
use testudo::flow::{authenticate, refresh};
use testudo::model::Session;
use testudo::testing::World;
use testudo::token::backend::{HybridBackend, JwtBackend, Presented, TokenBackend};
use testudo::token::jwt::{KeySet, Profile, SigningKey, TokenType, Verified, issue, verify};
use testudo::{Client, Entropy, Env, KeyRing, Policy, Secret, Settings, Step, Timestamp, drive};

const SECRET: &[u8; 32] = b"wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";

fuzz_target!(|input: &[u8]| {
    let key = SigningKey::hs256(&Secret::new(SECRET.to_vec())).and_then(|key| key.with_id("key"));
    let keys = KeySet::new(key.expect("a good key"));
    if let Ok(text) = std::str::from_utf8(input) {
        assert!(read(text, &keys).is_none(), "{text} was taken");
        assert_opens_nothing(text);
    }
    let Some(at) = input.iter().position(|byte| *byte == b'\n') else { return };
    let (header, payload) = (&input[..at], &input[at + 1..]);
    let text = signed(header, payload);
    if let Some(session) = session_of(&text, keys.clone()) {
        let claims: Value = serde_json::from_slice(payload).expect("claims are JSON");
        assert_eq!(claims["session"]["generation"], session.generation);
        assert_eq!((&claims["token_type"], &claims["sid"].is_string()), (&"access".into(), &true));
    }
    let Some((verified, profile)) = read(&text, &keys) else { return };

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

/// A text that is not ours is refused by every backend, at once and for good.
fn assert_opens_nothing(text: &str) {
    let ring = KeyRing::parse(World::SECRET).expect("a key ring");
    let jwt = JwtBackend::hs256(&ring).expect("good keys");
    let hybrid = HybridBackend::hs256(&ring).expect("good keys");
    let backends: [Arc<dyn TokenBackend>; 3] =
        [Arc::new(jwt.clone()), Arc::new(jwt.with_denylist()), Arc::new(hybrid)];
    for tokens in backends {
        let mut world = World::new();
        let ring = KeyRing::parse(World::SECRET).expect("a key ring");
        let settings = Settings::new(Policy::default(), ring).expect("a policy that holds");
        let settings = Arc::new(settings.with_tokens(Arc::clone(&tokens)));
        let step = authenticate(text, &settings, world.now());
        assert!(matches!(step, Step::Done(Err(_))), "{text} asks something");
        let env = Env::new(world.now(), Entropy::from_seed([7; 32]), Client::unknown(), settings);
        let refreshed = drive(refresh(text, env), &mut world).expect("no faults");
        assert!(refreshed.is_err(), "{text} was refreshed");
    }
}

/// The session that a text signed with our key is of.
fn session_of(text: &str, keys: KeySet) -> Option<Session> {
    let ring = KeyRing::parse(World::SECRET).expect("a key ring");
    let tokens = JwtBackend::hs256(&ring).expect("good keys").with_access_keys(keys);
    match tokens.read_access(text, Timestamp::from_millis(1_700_000_000_000)) {
        Ok(Presented::Signed(session)) => Some(*session),
        Ok(Presented::Opaque(_)) => panic!("a JWT was read as an opaque token"),
        Err(_) => None,
    }
}

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
