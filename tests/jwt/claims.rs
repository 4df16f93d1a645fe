//! What has to be said, how, and how often.

use serde_json::json;
use testudo::token::jwt::{Claims, JwtError, issue};

use crate::support::{
    NOW, access, at, claims, header, keys, payload, refusal, signed, verified, with,
};

#[test]
fn what_was_put_in_comes_out() {
    let said = Claims {
        not_before: Some(at(NOW)),
        extra: json!({"roles": ["admin"], "n": 1.5, "o": {"deep": null}})
            .as_object()
            .unwrap()
            .clone(),
        ..claims()
    };
    let token = issue(&said, &access(), keys().signing()).unwrap();
    assert_eq!(format!("{token:?}"), "[redacted]");
    let verified = verified(token.expose()).unwrap();
    assert_eq!(verified.claims(), &said);
    assert_eq!(verified.into_claims(), said);
}

#[test]
fn a_required_claim_that_is_missing_is_refused() {
    for claim in ["sub", "jti", "iat", "exp", "token_type"] {
        let payload = with(payload(), json!({ claim: null }));
        assert_eq!(refusal(&signed(header(), payload)), JwtError::Claims, "{claim}");
    }
    assert_eq!(refusal(&signed(header(), "{}")), JwtError::Claims);
}

#[test]
fn a_claim_of_another_type_is_refused_and_not_passed_over() {
    for claim in ["sub", "jti", "token_type", "iss", "aud", "extra"] {
        for value in ["1", "true", "[1]", "null", "[[\"a\"]]"] {
            let payload = with(payload(), json!({ claim: "HERE" }));
            let payload = payload.to_string().replace("\"HERE\"", value);
            assert_eq!(refusal(&signed(header(), payload)), JwtError::Claims, "{claim}: {value}");
        }
    }
}

#[test]
fn a_key_that_stands_twice_is_refused_at_any_depth() {
    let good = payload().to_string();
    let start = good.strip_suffix('}').unwrap();
    for more in [
        r#""sub":"ada""#,
        r#""sub":"mallory""#,
        r#""\u0073ub":"mallory""#,
        r#""exp":9999999999"#,
        r#""other":1,"other":1"#,
        r#""extra":{"a":1,"a":2}"#,
        r#""extra":{},"extra":{}"#,
        r#""other":[{"a":1,"a":2}]"#,
    ] {
        assert_eq!(
            refusal(&signed(header(), format!("{start},{more}}}"))),
            JwtError::Claims,
            "{more}"
        );
    }
    assert!(
        verified(&signed(header(), format!("{start},\"other\":1,\"extra\":{{\"other\":1}}}}")))
            .is_ok()
    );
}

#[test]
fn claims_that_are_not_understood_are_ignored() {
    let payload = with(payload(), json!({"scope": "all", "is_admin": true}));
    let read = verified(&signed(header(), payload)).unwrap();
    assert!(read.claims().extra.is_empty());
}

#[test]
fn what_is_no_utf8_or_no_json_is_refused() {
    for payload in ["", "{", "{}{}", "{'sub':'ada'}", "\u{feff}{}", r#"{"sub":"\ud800"}"#] {
        assert_eq!(refusal(&signed(header(), payload)), JwtError::Claims, "{payload}");
    }
}
