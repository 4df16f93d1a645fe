//! Reading e-mail addresses.
//!
//! Law: no text panics; what is read keeps what was typed, is bounded, holds nothing that could forge
//! a header or a line, and has a key that is its own key. Neither surrounding space nor the case of
//! the domain nor the way in which accents are composed changes the key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testudo::model::Email;
use unicode_normalization::UnicodeNormalization as _;

fuzz_target!(|text: &str| {
    let Ok(email) = text.parse::<Email>() else { return };
    let key = email.key().as_str();
    assert_eq!(email.as_str(), text.trim());
    for form in [email.as_str(), key] {
        assert!(form.len() <= Email::MAX_BYTES, "{} bytes", form.len());
        assert!(!form.chars().any(char::is_control), "{form:?}");
        assert_eq!(form.matches('@').count(), 1, "{form:?}");
        assert!(!form.contains([' ', '<', '>', ',', ';', '"']), "{form:?}");
    }
    let (local, domain) = key.split_once('@').expect("an address has two parts");
    assert!(!local.is_empty() && domain.contains('.'), "{key:?}");
    assert!(domain.is_ascii() && domain.to_ascii_lowercase() == domain, "{key:?}");
    assert!(email.key().masked().ends_with(&format!("***@{domain}")));

    assert_eq!(key_of(key).as_deref(), Some(key), "the key of a key is itself");
    let (typed_local, typed_domain) = email.as_str().split_once('@').expect("the same two parts");
    let other_spellings = [
        format!("\t {text}\u{a0}"),
        format!("{typed_local}@{}", typed_domain.to_ascii_uppercase()),
        format!("{typed_local}@{}", typed_domain.to_ascii_lowercase()),
        email.as_str().nfd().collect(),
        email.as_str().nfc().collect(),
        email.as_str().to_ascii_uppercase(),
    ];
    for spelling in &other_spellings {
        // In another spelling an address may be too long, but never another address.
        if let Some(other) = key_of(spelling) {
            assert_eq!(other, key, "{spelling:?} has another key");
        } else {
            assert!(spelling.trim().len() > email.as_str().len(), "{spelling:?} was refused");
        }
    }
});

fn key_of(text: &str) -> Option<String> {
    text.parse::<Email>().ok().map(|email| email.key().as_str().to_owned())
}
