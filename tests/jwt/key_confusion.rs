//! The algorithm is the key's, whatever a token says.

use serde_json::json;
use testudo::token::jwt::JwtError;

use crate::support::{header, payload, refusal, signed, with};

#[test]
fn another_algorithm_than_the_keys_is_refused() {
    for alg in
        ["HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "Hs256", "HS256 ", "dir"]
    {
        let header = with(header(), json!({ "alg": alg }));
        assert_eq!(refusal(&signed(header, payload())), JwtError::Algorithm, "{alg}");
    }
}

#[cfg(feature = "jwt-signatures")]
#[test]
fn a_mac_with_the_text_of_a_public_key_is_refused() {
    use testudo::token::jwt::{VerifyingKey, VerifyingKeys, verify};

    use crate::support::{NOW, access, at, signed_with};

    let x: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
    let key = VerifyingKey::ed25519(&x).unwrap().with_id("key").unwrap();
    let jwk = serde_json::to_string(&key.to_jwk().unwrap()).unwrap();
    let der = [&[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00], &x[..]]
        .concat();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let keys = VerifyingKeys::new([key]).unwrap();
    for secret in [&x[..], &der, pem.as_bytes(), pem.trim_end().as_bytes(), jwk.as_bytes(), b""] {
        for (alg, expected) in [("HS256", JwtError::Algorithm), ("EdDSA", JwtError::Signature)] {
            let forged = signed_with(secret, with(header(), json!({ "alg": alg })), payload());
            assert_eq!(verify(&forged, &access(), &keys, at(NOW)).unwrap_err(), expected);
        }
    }
}
