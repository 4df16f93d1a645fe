//! A token of one type is not one of another.

use serde_json::json;
use testudo::token::jwt::{JwtError, Profile, TokenType, issue, verify};

use crate::support::{NOW, at, claims, header, keys, payload, refusal, signed, verified, with};

#[test]
fn each_type_is_taken_for_itself_only() {
    let types = [TokenType::AccessJwt, TokenType::RefreshJwt];
    for made in types {
        let token = issue(&claims(), &Profile::new(made), keys().signing()).unwrap();
        for asked in types {
            let seen = verify(token.expose(), &Profile::new(asked), keys().verifying(), at(NOW));
            let expected = if made == asked { Ok(()) } else { Err(JwtError::TokenType) };
            assert_eq!(seen.map(drop), expected, "{made:?} as {asked:?}");
        }
    }
}

#[test]
fn typ_is_a_media_type_in_any_case() {
    for typ in ["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+jwt"] {
        assert!(
            verified(&signed(with(header(), json!({ "typ": typ })), payload())).is_ok(),
            "{typ}"
        );
    }
    for typ in [
        "",
        "JWT",
        "jwt",
        "rt+jwt",
        "at+jwt ",
        "at+jwt; a=b",
        "text/at+jwt",
        "application/",
        "application/application/at+jwt",
        "applicatioñ/at+jwt",
        "id+jwt",
        "secevent+jwt",
    ] {
        let header = with(header(), json!({ "typ": typ }));
        assert_eq!(refusal(&signed(header, payload())), JwtError::TokenType, "{typ}");
    }
    assert_eq!(refusal(&signed(with(header(), json!({"typ": null})), payload())), JwtError::Header);
}

#[test]
fn header_and_claim_have_to_agree_on_the_type() {
    for claim in
        ["refresh", "Access", "", "id", "mfa", "reset", "verify", "invite", "api", "service"]
    {
        let payload = with(payload(), json!({"token_type": claim}));
        assert_eq!(refusal(&signed(header(), payload)), JwtError::TokenType, "{claim}");
    }
}
