//! The outside of a token: length, dots, base64url, depth.

use serde_json::json;
use testudo::token::jwt::{IssueError, JwtError, MAX_TOKEN_BYTES, issue};

use crate::support::{
    access, claims, encode, header, keys, payload, refusal, signed, token, verified, with,
};

#[test]
fn two_dots_are_what_there_is() {
    let token = token();
    let parts: Vec<&str> = token.split('.').collect();
    for text in [
        "",
        ".",
        "...",
        "a.b",
        "a.b.c.d",
        &parts.concat(),
        &format!("{}.{}", parts[0], parts[1]),
        &format!("{token}."),
        &format!(".{token}"),
        &format!("{}..{}.{}", parts[0], parts[1], parts[2]),
    ] {
        assert_eq!(refusal(text), JwtError::NotThreeParts, "{text}");
    }
    assert_eq!(refusal(".."), JwtError::Header);
}

#[test]
fn a_long_token_is_refused_before_anything_is_read() {
    for text in [
        ".".repeat(100_000),
        "a".repeat(10 << 20),
        signed(header(), "[".repeat(100_000)),
        signed("[".repeat(100_000), payload()),
        format!("{}{}", token(), "A".repeat(MAX_TOKEN_BYTES)),
    ] {
        assert_eq!(refusal(&text), JwtError::TooLong);
    }
}

#[test]
fn deep_nesting_within_the_length_is_refused() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(500), close.repeat(500));
        assert_eq!(refusal(&signed(&deep, payload())), JwtError::Header);
        assert_eq!(refusal(&signed(header(), &deep)), JwtError::Claims);
        let payload =
            payload().to_string().replace("{\"", &format!("{{\"extra\":{{\"a\":{deep}}},\""));
        assert_eq!(refusal(&signed(header(), payload)), JwtError::Claims);
    }
}

#[test]
fn base64url_is_canonical_and_without_padding() {
    let token = token();
    let parts: Vec<&str> = token.split('.').collect();
    for at in 0..3 {
        for change in [
            |part: &str| format!("{part}="),
            |part: &str| format!("{part}\n"),
            |part: &str| format!(" {part}"),
            |part: &str| format!("{part}A"),
            |part: &str| part.replacen(char::is_alphanumeric, "+", 1),
            |part: &str| part.replacen(char::is_alphanumeric, "/", 1),
            |part: &str| part.replacen(char::is_alphanumeric, "é", 1),
        ] {
            let mut changed: Vec<String> = parts.iter().map(ToString::to_string).collect();
            changed[at] = change(parts[at]);
            let changed = changed.join(".");
            assert!(verified(&changed).is_err(), "{changed}");
        }
    }
}

#[test]
fn the_bits_that_are_not_used_have_to_be_zero() {
    let token = token();
    // 32 bytes in 43 characters: the last one has two bits over.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = alphabet.find(last).unwrap();
    assert_eq!(value % 4, 0);
    for malleable in &alphabet[value + 1..value + 4].chars().collect::<Vec<_>>() {
        let text = format!("{}{malleable}", &token[..token.len() - 1]);
        assert_eq!(refusal(&text), JwtError::Encoding);
    }
}

#[test]
fn a_token_that_nobody_would_take_is_not_made() {
    let mut long = claims();
    long.extra.insert("a".into(), "b".repeat(MAX_TOKEN_BYTES).into());
    let refused = issue(&long, &access(), keys().signing());
    assert_eq!(refused.unwrap_err(), IssueError::TooLong);
}

#[test]
fn a_token_is_not_a_request_header() {
    assert!(verified(&format!("Bearer {}", token())).is_err());
    let payload = with(payload(), json!({"sub": "ada"}));
    assert!(verified(&format!("{}.{}.", encode("{}"), encode(payload.to_string()))).is_err());
}
