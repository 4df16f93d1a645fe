//! A header is `alg`, `typ` and `kid`.

use serde_json::json;
use testudo::token::jwt::JwtError;

use crate::support::{header, payload, refusal, signed, verified, with};

#[test]
fn a_header_that_asks_for_something_is_refused() {
    for parameter in [
        json!({"crit": []}),
        json!({"crit": ["exp"], "exp": 1}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"b64": false}),
        json!({"b64": true}),
        json!({"zip": "DEF"}),
        json!({"enc": "A128GCM"}),
        json!({"cty": "JWT"}),
    ] {
        let header = with(header(), parameter);
        assert_eq!(refusal(&signed(&header, payload())), JwtError::Header, "{header}");
    }
}

#[test]
fn a_header_that_brings_a_key_is_refused() {
    let jwk = json!({"kty": "oct", "k": "AAAA"});
    for parameter in [
        json!({"jwk": jwk}),
        json!({"jku": "https://evil.example/jwks"}),
        json!({"x5u": "https://evil.example/cert"}),
        json!({"x5c": ["MIIB"]}),
        json!({"x5t": "AAAA"}),
    ] {
        let header = with(header(), parameter);
        assert_eq!(refusal(&signed(&header, payload())), JwtError::Header, "{header}");
    }
}

#[test]
fn a_parameter_that_stands_twice_is_refused() {
    for header in [
        r#"{"alg":"HS256","alg":"HS256","typ":"at+jwt","kid":"key"}"#,
        r#"{"alg":"HS256","typ":"rt+jwt","typ":"at+jwt","kid":"key"}"#,
        r#"{"alg":"HS256","typ":"at+jwt","kid":"other","\u006bid":"key"}"#,
    ] {
        assert_eq!(refusal(&signed(header, payload())), JwtError::Header, "{header}");
    }
}

#[test]
fn a_header_that_is_no_object_is_refused() {
    for header in [
        r#"["HS256","at+jwt","key"]"#,
        "\"HS256\"",
        "null",
        "",
        "{",
        r#"{"alg":"HS256","typ":"at+jwt","kid":"key"} {}"#,
        r#"{"alg":"HS256","typ":"at+jwt","kid":"key",}"#,
        "\u{feff}{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"key\"}",
    ] {
        assert_eq!(refusal(&signed(header, payload())), JwtError::Header, "{header}");
    }
    assert_eq!(refusal(&signed(header(), "[]")), JwtError::Claims);
}

#[test]
fn a_strange_kid_names_no_key() {
    for kid in [
        "",
        "KEY",
        "key ",
        "key\r\nSet-Cookie: a",
        "../../../../dev/null",
        "' OR '1'='1",
        "key\u{0}",
        "retired",
    ] {
        let header = with(header(), json!({ "kid": kid }));
        assert_eq!(refusal(&signed(header, payload())), JwtError::UnknownKey, "{kid:?}");
    }
    for kid in [json!(["key"]), json!(1), json!({"key": 1}), json!(null)] {
        let header = with(header(), json!({ "kid": kid }));
        assert_eq!(refusal(&signed(header, payload())), JwtError::Header, "{kid}");
    }
    let header = with(header(), json!({"kid": "k".repeat(1 << 20)}));
    assert_eq!(refusal(&signed(header, payload())), JwtError::TooLong);
}

#[test]
fn order_space_and_escapes_of_a_header_make_no_difference() {
    let header = "\n{ \"kid\": \"k\\u0065y\", \"typ\": \"at+jwt\", \"alg\": \"HS256\" }\n";
    assert!(verified(&signed(header, payload())).is_ok());
}
