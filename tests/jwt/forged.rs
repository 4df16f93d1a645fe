//! Tokens with no signature, or with one of nobody's.

use serde_json::json;
use testudo::token::jwt::JwtError;

use crate::support::{encode, header, payload, refusal, signed, token, with};

#[test]
fn alg_none_is_refused_in_every_spelling() {
    for alg in
        [json!("none"), json!("None"), json!("NONE"), json!("nOnE"), json!(""), json!("n\u{f6}ne")]
    {
        let header = with(header(), json!({ "alg": alg }));
        let message = format!("{}.{}", encode(header.to_string()), encode(payload().to_string()));
        assert_eq!(refusal(&format!("{message}.")), JwtError::Algorithm);
        assert_eq!(refusal(&signed(header, payload())), JwtError::Algorithm);
    }
}

#[test]
fn an_alg_that_is_no_string_or_missing_is_refused() {
    for alg in [json!(["HS256"]), json!({"HS256": 1}), json!(256), json!(true)] {
        let header = with(header(), json!({ "alg": alg }));
        assert_eq!(refusal(&signed(header, payload())), JwtError::Header);
    }
    assert_eq!(refusal(&signed(with(header(), json!({"alg": null})), payload())), JwtError::Header);
    let null = r#"{"alg":null,"typ":"at+jwt","kid":"key"}"#;
    assert_eq!(refusal(&signed(null, payload())), JwtError::Header);
}

#[test]
fn an_empty_cut_or_extended_signature_is_refused() {
    let token = token();
    let (message, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{message}.")), JwtError::Signature);
    assert_eq!(refusal(&format!("{message}.AA")), JwtError::Signature);
    // The first half of a MAC, and a MAC with a byte behind it.
    assert_eq!(refusal(&format!("{message}.{}", encode([7; 16]))), JwtError::Signature);
    assert_eq!(refusal(&format!("{message}.{}", &signature[..40])), JwtError::Signature);
    assert_eq!(refusal(&format!("{message}.{}", encode([0; 33]))), JwtError::Signature);
}

#[test]
fn a_refused_token_shows_nothing_of_what_it_says() {
    let forged = format!("{}x", signed(header(), with(payload(), json!({"sub": "mallory"}))));
    let error = refusal(&forged);
    assert!(!format!("{error:?} {error}").contains("mallory"));
    // By type: an error is one of a few names, and `Verified` has no public constructor.
    assert_eq!(size_of::<JwtError>(), 1);
}
