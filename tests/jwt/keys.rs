//! What is a key, and which one a token is verified with.

use testudo::Secret;
use testudo::token::jwt::{
    JwtError, KeyError, KeySet, SigningKey, VerifyingKey, VerifyingKeys, issue, verify,
};

use crate::support::{NOW, SECRET, access, at, claims, header, payload, secret, signed_with};

#[test]
fn a_secret_has_at_least_the_bytes_of_its_hash() {
    type Make = fn(&Secret<Vec<u8>>) -> Result<SigningKey, KeyError>;
    let makes: [(Make, usize); 3] =
        [(SigningKey::hs256, 32), (SigningKey::hs384, 48), (SigningKey::hs512, 64)];
    for (make, at_least) in makes {
        for bytes in [0, 1, 16, at_least - 1] {
            assert_eq!(make(&secret(bytes)).unwrap_err(), KeyError::TooShort { at_least });
        }
        assert!(make(&secret(at_least)).is_ok());
    }
    assert_eq!(VerifyingKey::hs256(&secret(31)).unwrap_err(), KeyError::TooShort { at_least: 32 });
}

#[test]
fn a_secret_that_is_none_is_refused() {
    for text in [
        "secret".repeat(20),
        "\0".repeat(64),
        "changeme".repeat(8).replace("change", "aaaaaa"),
        format!("-----BEGIN PUBLIC KEY-----\n{}", "MCowBQYDK2VwAyEA0123".repeat(3)),
        format!("ssh-ed25519 {}", "MCowBQYDK2VwAyEA0123".repeat(3)),
    ] {
        let made = SigningKey::hs256(&Secret::new(text.clone().into_bytes()));
        assert_eq!(made.unwrap_err(), KeyError::Weak, "{text}");
    }
}

#[test]
fn an_id_is_derived_and_tells_algorithms_and_secrets_apart() {
    let id = |bytes| SigningKey::hs256(&secret(bytes)).unwrap().id().to_owned();
    assert_eq!(id(32), id(32));
    assert_ne!(id(32), id(33));
    assert_ne!(id(64), SigningKey::hs512(&secret(64)).unwrap().id());
    assert_eq!(VerifyingKey::hs256(&secret(32)).unwrap().id(), id(32));
    assert_eq!(id(32), "3KqM33W17JK6aXI0PvEtjQ", "an id that changes breaks all tokens");
}

#[test]
fn an_id_of_ones_own_is_short_and_printable() {
    let named = |id: &str| SigningKey::hs256(&secret(32)).unwrap().with_id(id).map(drop);
    assert_eq!(named("2026-11"), Ok(()));
    assert_eq!(named(&"k".repeat(128)), Ok(()));
    for id in ["", "a\nb", "a\0", "é", &"k".repeat(129)] {
        assert_eq!(named(id), Err(KeyError::Id), "{id:?}");
    }
}

#[test]
fn keys_are_rotated_and_a_retired_one_verifies_nothing() {
    let (old, new) =
        (SigningKey::hs256(&secret(32)).unwrap(), SigningKey::hs384(&secret(48)).unwrap());
    let made = |key: &SigningKey| issue(&claims(), &access(), key).unwrap().expose().clone();
    let (by_old, by_new) = (made(&old), made(&new));
    let both = KeySet::new(new.clone()).and_verify_with(old.verifying_key().clone()).unwrap();
    let taken = |set: &VerifyingKeys, text: &str| verify(text, &access(), set, at(NOW)).map(drop);
    assert_eq!(taken(both.verifying(), &by_old), Ok(()));
    assert_eq!(taken(both.verifying(), &by_new), Ok(()));
    assert_eq!(made(both.signing()), by_new);
    let retired = KeySet::new(new);
    assert_eq!(taken(retired.verifying(), &by_old), Err(JwtError::UnknownKey));
    assert_eq!(taken(retired.verifying(), &by_new), Ok(()));
    assert_eq!(taken(&VerifyingKeys::default(), &by_new), Err(JwtError::UnknownKey));
}

#[test]
fn two_keys_of_one_id_are_refused() {
    let key = |bytes| VerifyingKey::hs256(&secret(bytes)).unwrap().with_id("a").unwrap();
    assert_eq!(VerifyingKeys::new([key(32), key(33)]).unwrap_err(), KeyError::Repeated);
}

#[test]
fn the_key_that_is_named_is_the_key_that_counts() {
    let named = |bytes, id| VerifyingKey::hs256(&secret(bytes)).unwrap().with_id(id).unwrap();
    let set = VerifyingKeys::new([named(32, "key"), named(33, "other")]).unwrap();
    let by_other = signed_with(&SECRET[..33], header(), payload());
    assert_eq!(verify(&by_other, &access(), &set, at(NOW)).map(drop), Err(JwtError::Signature));
}

#[test]
fn keys_show_no_secret() {
    let key = SigningKey::hs256(&secret(32)).unwrap().with_id("a").unwrap();
    assert_eq!(format!("{key:?}"), "SigningKey(HS256 a, [redacted])");
    assert_eq!(format!("{:?}", key.verifying_key()), "VerifyingKey(HS256 a, [redacted])");
    let set = format!("{:?}", KeySet::new(key));
    assert!(set.contains("[redacted]") && !set.contains("wqVY"), "{set}");
}
