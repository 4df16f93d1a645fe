//! Tokens that PyJWT made, and one way round the other: `tests/vectors/jwt/generate.py` makes the
//! vectors, and `check_ours.py` beside it gives PyJWT the tokens that are pinned here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use testudo::token::jwt::{
    Profile, SigningKey, TokenType, VerifyingKey, VerifyingKeys, issue, verify,
};
use testudo::{Secret, Timestamp};

use crate::support::{at, claims};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/jwt/pyjwt.json")).unwrap()
}

fn bytes(base64: &Value) -> Vec<u8> {
    STANDARD.decode(base64.as_str().unwrap()).unwrap()
}

/// The private key of the vectors for this algorithm, as PKCS#8; the secret of an HMAC.
pub(crate) fn private_key(algorithm: &str) -> Secret<Vec<u8>> {
    Secret::new(bytes(&vectors()["keys"][algorithm]["private"]))
}

fn signing_key(algorithm: &str) -> Option<SigningKey> {
    let private = || private_key(algorithm);
    let key = match algorithm {
        "HS256" => SigningKey::hs256(&private()),
        "HS384" => SigningKey::hs384(&private()),
        "HS512" => SigningKey::hs512(&private()),
        #[cfg(feature = "jwt-signatures")]
        "EdDSA" => SigningKey::ed25519(&private()),
        _ => return None,
    };
    Some(key.unwrap().with_id("key-1").unwrap())
}

/// The public half of an ECDSA key: its two coordinates stand at the end of the private one (RFC 5915 3).
#[cfg(feature = "jwt-signatures")]
pub(crate) fn ecdsa_key(algorithm: &str) -> VerifyingKey {
    let der = private_key(algorithm);
    let bytes = if algorithm == "ES256" { 32 } else { 48 };
    let (x, y) = der.expose()[der.expose().len() - 2 * bytes..].split_at(bytes);
    let made = if algorithm == "ES256" { VerifyingKey::es256 } else { VerifyingKey::es384 };
    made(x, y).unwrap().with_id("key-1").unwrap()
}

fn verifying_key(algorithm: &str) -> Option<VerifyingKey> {
    #[cfg(feature = "jwt-signatures")]
    if let "ES256" | "ES384" = algorithm {
        return Some(ecdsa_key(algorithm));
    }
    #[cfg(feature = "jwt-signatures")]
    if let "RS256" | "PS256" = algorithm {
        let vectors = vectors();
        let key = &vectors["keys"][algorithm];
        let (n, e) = (bytes(&key["n"]), bytes(&key["e"]));
        let made = if algorithm == "RS256" { VerifyingKey::rs256 } else { VerifyingKey::ps256 };
        return Some(made(&n, &e).unwrap().with_id("key-1").unwrap());
    }
    signing_key(algorithm).map(|key| key.verifying_key().clone())
}

#[test]
fn every_token_of_pyjwt_is_read_as_it_was_meant() {
    let vectors = vectors();
    let tokens = vectors["tokens"].as_array().unwrap();
    let mut read = 0;
    for vector in tokens {
        let text = |name: &str| vector[name].as_str().unwrap();
        let Some(key) = verifying_key(text("alg")) else { continue };
        let keys = VerifyingKeys::new([key]).unwrap();
        let meant = &vector["claims"];
        let token_type = match meant["token_type"].as_str().unwrap() {
            "refresh" => TokenType::RefreshJwt,
            _ => TokenType::AccessJwt,
        };
        let mut profile = Profile::new(token_type);
        if let Some(issuer) = meant["iss"].as_str() {
            profile = profile.issuer(issuer);
        }
        if !meant["aud"].is_null() {
            profile = profile.audience("https://api.example.com");
        }
        let seen = verify(text("token"), &profile, &keys, at(vectors["now"].as_u64().unwrap()));
        if !vector["taken"].as_bool().unwrap() {
            assert!(seen.is_err(), "{vector}");
            continue;
        }
        let seen = seen.unwrap_or_else(|error| panic!("{error}: {vector}")).into_claims();
        let moment =
            |name: &str| meant[name].as_u64().map(|seconds| Timestamp::from_millis(seconds * 1000));
        assert_eq!(seen.subject, meant["sub"].as_str().unwrap());
        assert_eq!(seen.id, meant["jti"].as_str().unwrap());
        assert_eq!(Some(seen.issued_at), moment("iat"));
        assert_eq!(Some(seen.expires_at), moment("exp"));
        assert_eq!(seen.not_before, moment("nbf"));
        let extra = meant["extra"].as_object().cloned().unwrap_or_default();
        assert_eq!(seen.extra, extra);
        read += 1;
    }
    let expected = if cfg!(feature = "jwt-signatures") { 24 } else { 9 };
    assert_eq!(read, expected);
}

/// `check_ours.py` gives the pinned ones to PyJWT.
#[test]
fn tokens_that_pyjwt_takes_are_still_made_bit_for_bit() {
    let profile =
        Profile::new(TokenType::AccessJwt).issuer("https://id.example.com").audience("api");
    let made: Map<String, Value> = ["HS256", "HS384", "HS512", "EdDSA"]
        .into_iter()
        .filter_map(|algorithm| Some((algorithm, signing_key(algorithm)?)))
        .map(|(algorithm, key)| (algorithm, issue(&claims(), &profile, &key).unwrap()))
        .map(|(algorithm, token)| (algorithm.to_owned(), token.expose().as_str().into()))
        .collect();
    let pinned: Value = serde_json::from_str(include_str!("../vectors/jwt/ours.json")).unwrap();
    for (algorithm, token) in &made {
        let before = pinned[algorithm].as_str().unwrap_or_default();
        assert!(token == before, "ours.json should be {}", Value::from(made.clone()));
    }
}
