//! Ed25519, ECDSA and RSA. The vectors are in `src/token/jwt/key/wycheproof.rs`.

use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use serde_json::json;
use testudo::Secret;
use testudo::token::jwt::{
    Jwk, JwkSet, JwtError, KeyError, KeySet, SigningKey, VerifyingKey, VerifyingKeys, issue, verify,
};

use crate::interop::{ecdsa_key, private_key};
use crate::support::{NOW, access, at, claims, encode, payload, secret};

/// A token under the private key of the vectors. The library signs with Ed25519 only, so ECDSA is done here.
fn token_by(algorithm: &str) -> String {
    if algorithm == "EdDSA" {
        let key = SigningKey::ed25519(&private_key("EdDSA")).unwrap().with_id("key-1").unwrap();
        return issue(&claims(), &access(), &key).unwrap().expose().clone();
    }
    let header = json!({"alg": algorithm, "typ": "at+jwt", "kid": "key-1"});
    let message = format!("{}.{}", encode(header.to_string()), encode(payload().to_string()));
    let key = EncodingKey::from_ec_der(private_key(algorithm).expose());
    let jwa = algorithm.parse().unwrap();
    let signer = (DEFAULT_PROVIDER.signer_factory)(&jwa, &key).unwrap();
    format!("{message}.{}", encode(signer.try_sign(message.as_bytes()).unwrap()))
}

/// The key that verifies it.
fn key_of(algorithm: &str) -> VerifyingKeys {
    let key = match algorithm {
        "EdDSA" => SigningKey::ed25519(&private_key("EdDSA")).unwrap().verifying_key().clone(),
        _ => ecdsa_key(algorithm),
    };
    VerifyingKeys::new([key.with_id("key-1").unwrap()]).unwrap()
}

const ALGORITHMS: [&str; 3] = ["EdDSA", "ES256", "ES384"];

#[test]
fn what_a_private_key_signs_its_public_key_verifies_and_no_other_does() {
    for made_by in ALGORITHMS {
        for other in ALGORITHMS {
            let seen = verify(&token_by(made_by), &access(), &key_of(other), at(NOW)).map(drop);
            let expected = if other == made_by { Ok(()) } else { Err(JwtError::Algorithm) };
            assert_eq!(seen, expected, "{made_by} by {other}");
        }
    }
}

#[test]
fn every_changed_character_of_a_signed_token_is_refused() {
    for name in ALGORITHMS {
        let (token, keys) = (token_by(name), key_of(name));
        for at_byte in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at_byte] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert!(verify(&changed, &access(), &keys, at(NOW)).is_err(), "{changed}");
        }
    }
}

#[test]
fn a_private_key_of_another_kind_is_refused() {
    for name in ALGORITHMS {
        assert_eq!(SigningKey::ed25519(&private_key(name)).is_ok(), name == "EdDSA", "{name}");
    }
    assert_eq!(SigningKey::ed25519(&secret(64)).unwrap_err(), KeyError::Malformed);
    assert_eq!(SigningKey::ed25519(&Secret::new(Vec::new())).unwrap_err(), KeyError::Malformed);
}

#[test]
fn public_keys_of_another_length_are_refused() {
    for bytes in [0, 3, 31, 33, 48, 64] {
        assert!(VerifyingKey::ed25519(&vec![7; bytes]).is_err());
        assert!(VerifyingKey::es256(&vec![7; bytes], &[7; 32]).is_err());
        assert!(VerifyingKey::es256(&[7; 32], &vec![7; bytes]).is_err());
        assert_eq!(VerifyingKey::es384(&vec![7; bytes], &[7; 48]).is_ok(), bytes == 48);
    }
}

#[test]
fn a_point_that_is_on_no_curve_verifies_nothing() {
    let nowhere = VerifyingKey::es256(&[0; 32], &[0; 32]).unwrap().with_id("key-1").unwrap();
    let keys = VerifyingKeys::new([nowhere]).unwrap();
    let seen = verify(&token_by("ES256"), &access(), &keys, at(NOW)).map(drop);
    assert_eq!(seen, Err(JwtError::Signature));
}

#[test]
fn weak_rsa_keys_are_refused() {
    let modulus = |bits: usize| {
        let mut modulus = vec![0xA5; bits / 8];
        modulus[0] = 0x80;
        modulus
    };
    for (bits, good) in
        [(512, false), (1024, false), (2040, false), (2048, true), (8192, true), (8200, false)]
    {
        assert_eq!(VerifyingKey::rs256(&modulus(bits), &[1, 0, 1]).is_ok(), good, "{bits}");
    }
    let mut padded = vec![0; 256];
    padded[0] = 0;
    padded[255] = 1;
    assert!(VerifyingKey::rs256(&padded, &[1, 0, 1]).is_err());
    let mut even = modulus(2048);
    even[255] = 0xA4;
    assert!(VerifyingKey::rs256(&even, &[1, 0, 1]).is_err());
    for exponent in [&[][..], &[0], &[1], &[3], &[17], &[1, 0, 0], &[1, 0, 0, 0, 1], &[0xFF, 0xFF]]
    {
        assert!(VerifyingKey::ps256(&modulus(2048), exponent).is_err(), "{exponent:?}");
    }
    assert!(VerifyingKey::ps256(&modulus(2048), &[0, 1, 0, 1]).is_ok());
}

#[test]
fn ids_of_key_pairs_are_thumbprints_of_rfc_7638() {
    // RFC 8037 A.3, and RFC 7638 3.1.
    let decode = |text| {
        base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).unwrap()
    };
    let ed = VerifyingKey::ed25519(&decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")).unwrap();
    assert_eq!(ed.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
             BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_F\
             DW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4v\
             MQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let rsa = VerifyingKey::rs256(&decode(n), &decode("AQAB")).unwrap();
    assert_eq!(rsa.id(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn public_keys_are_published_and_read_back_and_secrets_are_not() {
    let keys = KeySet::new(SigningKey::ed25519(&private_key("EdDSA")).unwrap())
        .and_verify_with(ecdsa_key("ES256"))
        .and_then(|keys| keys.and_verify_with(VerifyingKey::hs256(&secret(32))?))
        .unwrap();
    let published = serde_json::to_value(keys.verifying().to_jwk_set()).unwrap();
    let list = published["keys"].as_array().unwrap();
    assert_eq!(list.len(), 2, "the HMAC key is all secret");
    for jwk in list {
        assert_eq!(jwk["use"], "sig");
        assert_eq!((jwk.get("d"), jwk.get("k")), (None, None));
    }
    let read: JwkSet = serde_json::from_value(published).unwrap();
    let read = VerifyingKeys::new(read.keys.iter().map(|jwk| VerifyingKey::from_jwk(jwk).unwrap()));
    let token = issue(&claims(), &access(), keys.signing()).unwrap();
    assert!(verify(token.expose(), &access(), &read.unwrap(), at(NOW)).is_ok());
}

#[test]
fn a_published_key_that_does_not_fit_its_algorithm_is_refused() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let good =
        json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "a", "alg": "EdDSA", "use": "sig"});
    let read = |jwk: &serde_json::Value| {
        let jwk: Option<Jwk> = serde_json::from_value(jwk.clone()).ok();
        jwk.is_some_and(|jwk| VerifyingKey::from_jwk(&jwk).is_ok())
    };
    assert!(read(&good));
    for (member, value) in [
        ("alg", "none"),
        ("alg", "HS256"),
        ("alg", "ES256"),
        ("kty", "oct"),
        ("kty", "RSA"),
        ("crv", "Ed448"),
        ("crv", "P-256"),
        ("x", "AAAA"),
        ("x", "AA=="),
        ("kid", ""),
        ("use", "enc"),
    ] {
        let mut changed = good.clone();
        changed[member] = value.into();
        assert!(!read(&changed), "{changed}");
    }
}
