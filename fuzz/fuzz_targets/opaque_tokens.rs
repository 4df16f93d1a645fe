//! Reading tokens.
//!
//! Law: a text that is read as a token is printed as that very text, is a token of one kind only, and
//! shows nothing of its secret in `Debug`. Every body with a checksum that fits is read.
//!
//! The input is tried as it stands, and its first 52 bytes once more as the body of a token.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testudo::token::{AccessToken, Kind, OpaqueToken, RefreshToken};
use testudo_fuzz::token_text;

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = std::str::from_utf8(input) {
        check(text);
    }
    if let Some((body, _)) = input.split_first_chunk::<52>() {
        let (access, refresh) = (token_text("tda_", body), token_text("tdr_", body));
        assert!(AccessToken::parse(&access).is_ok(), "{access} was refused");
        assert!(RefreshToken::parse(&refresh).is_ok(), "{refresh} was refused");
        check(&access);
        check(&refresh);
    }
});

fn check(text: &str) {
    let read = [read::<testudo::token::Access>(text), read::<testudo::token::Refresh>(text)];
    assert!(read != [true, true], "{text} is of both kinds");
}

/// Whether the text is a token of this kind; if so, it is as it should be.
fn read<K: Kind>(text: &str) -> bool {
    let Ok(token) = OpaqueToken::<K>::parse(text) else { return false };
    assert_eq!(token.reveal().expose(), text, "printed otherwise than it was read");
    assert!(text.starts_with(K::PREFIX));
    // Behind the id and the generation stands the secret.
    let shown = format!("{token:?}");
    assert!(shown.len() <= "tda_#".len() + 36 + 10, "{shown}");
    true
}
