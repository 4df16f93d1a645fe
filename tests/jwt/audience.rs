//! `iss` and `aud`: byte by byte, and neither missing nor unasked.

use serde_json::{Value, json};
use testudo::token::jwt::{JwtError, Profile, issue, verify};

use crate::support::{NOW, access, at, claims, header, keys, payload, signed, with};

const OURS: &str = "https://api.example.com";

fn seen(profile: &Profile, changes: Value) -> Result<(), JwtError> {
    let token = signed(header(), with(payload(), changes));
    verify(&token, profile, keys().verifying(), at(NOW)).map(drop)
}

#[test]
fn an_audience_is_ours_or_an_array_with_ours() {
    let profile = access().audience(OURS);
    for aud in [json!(OURS), json!([OURS]), json!(["other", OURS]), json!([OURS, OURS])] {
        assert_eq!(seen(&profile, json!({ "aud": aud })), Ok(()), "{aud}");
    }
    for aud in [
        json!(""),
        json!([]),
        json!([""]),
        json!("https://api.example.co"),
        json!("https://api.example.com/"),
        json!("https://api.example.com.evil.example"),
        json!("HTTPS://API.EXAMPLE.COM"),
        json!(" https://api.example.com"),
        json!("other https://api.example.com"),
        json!(["https://api.example.com/", "api.example.com"]),
        json!("other"),
    ] {
        assert_eq!(seen(&profile, json!({ "aud": aud })), Err(JwtError::Audience), "{aud}");
    }
    for aud in [json!({OURS: 1}), json!([[OURS]]), json!([OURS, 1])] {
        assert_eq!(seen(&profile, json!({ "aud": aud })), Err(JwtError::Claims), "{aud}");
    }
    assert_eq!(seen(&profile, json!({})), Err(JwtError::Audience));
}

#[test]
fn an_audience_is_refused_where_none_is_expected() {
    for aud in [json!(OURS), json!([OURS]), json!([]), json!("")] {
        assert_eq!(seen(&access(), json!({ "aud": aud })), Err(JwtError::Audience), "{aud}");
    }
}

#[test]
fn an_issuer_is_ours_byte_by_byte() {
    let profile = access().issuer(OURS);
    assert_eq!(seen(&profile, json!({"iss": OURS})), Ok(()));
    for iss in
        ["", "https://api.example.co", "https://api.example.com/", "HTTPS://api.example.com", "x"]
    {
        assert_eq!(seen(&profile, json!({ "iss": iss })), Err(JwtError::Issuer), "{iss}");
    }
    assert_eq!(seen(&profile, json!({"iss": [OURS]})), Err(JwtError::Claims));
    assert_eq!(seen(&profile, json!({})), Err(JwtError::Issuer));
    assert_eq!(seen(&access(), json!({"iss": OURS})), Err(JwtError::Issuer));
}

#[test]
fn what_a_profile_asks_for_it_puts_in() {
    let profile = access().issuer("us").audience(OURS);
    let token = issue(&claims(), &profile, keys().signing()).unwrap();
    let seen = |profile| verify(token.expose(), &profile, keys().verifying(), at(NOW)).map(drop);
    assert_eq!(seen(profile.clone()), Ok(()));
    assert_eq!(seen(profile.clone().issuer("them")), Err(JwtError::Issuer));
    assert_eq!(seen(profile.audience("other")), Err(JwtError::Audience));
    assert_eq!(seen(access()), Err(JwtError::Issuer));
}
