//! A chain with a pepper.

use super::tests::{made_by, verify};
use super::*;

const OUTDATED: PasswordVerdict = PasswordVerdict::Valid { outdated: true };
const CURRENT: PasswordVerdict = PasswordVerdict::Valid { outdated: false };

fn pepper(id: &str) -> Pepper {
    let key = format!("{id}: wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe");
    Pepper::new(id, key.as_bytes()).unwrap()
}

fn cheap() -> HasherChain {
    HasherChain::new(Argon2id::cheap_for_tests()).reading_all()
}

fn hash(chain: &HasherChain, password: &str) -> PasswordHash {
    let salt = Salt::new(*b"sixteen bytes...");
    let request = HashPassword { password: password.into(), salt };
    chain.hash(&request, &mut WorkBuffer::new()).unwrap().unwrap()
}

#[test]
fn a_hash_behind_the_current_pepper_verifies_and_is_current() {
    let chain = cheap().peppered(Peppers::new(pepper("one")));
    let stored = hash(&chain, "right");
    assert!(stored.as_stored().starts_with("$pepper$one$argon2id$v=19$m=32,t=1,p=1$"));
    assert_eq!(verify(&chain, "right", &stored), CURRENT);
    assert_eq!(verify(&chain, "wrong", &stored), PasswordVerdict::Invalid);
}

#[test]
fn the_key_counts_and_not_only_its_id() {
    let stored = hash(&cheap().peppered(Peppers::new(pepper("one"))), "right");
    let impostor = Pepper::new("one", b"Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh").unwrap();
    let chain = cheap().peppered(Peppers::new(impostor));
    assert_eq!(verify(&chain, "right", &stored), PasswordVerdict::Invalid);
}

#[test]
fn a_hash_behind_a_pepper_is_not_one_of_the_password() {
    let stored = hash(&cheap().peppered(Peppers::new(pepper("one"))), "right");
    let inner = stored.as_stored().strip_prefix("$pepper$one").unwrap();
    let stripped = PasswordHash::from_stored(inner.into());
    assert_eq!(verify(&cheap(), "right", &stripped), PasswordVerdict::Invalid);
}

#[test]
fn a_hash_behind_an_old_pepper_verifies_and_is_outdated() {
    let stored = hash(&cheap().peppered(Peppers::new(pepper("one"))), "right");
    let rotated = cheap().peppered(Peppers::new(pepper("two")).accepting(pepper("one")).unwrap());
    assert_eq!(verify(&rotated, "right", &stored), OUTDATED);
    assert_eq!(verify(&rotated, "wrong", &stored), PasswordVerdict::Invalid);

    let replaced = hash(&rotated, "right");
    assert!(replaced.as_stored().starts_with("$pepper$two$"));
    assert_eq!(verify(&rotated, "right", &replaced), CURRENT);
}

#[test]
fn a_hash_without_a_pepper_verifies_and_is_outdated_once_there_is_one() {
    let chain = cheap().peppered(Peppers::new(pepper("one")));
    for stored in [
        made_by(Argon2id::cheap_for_tests(), "right"),
        made_by(Bcrypt::cheap_for_tests(), "right"),
        made_by(Pbkdf2Sha256::cheap_for_tests(), "right"),
    ] {
        assert_eq!(verify(&chain, "right", &stored), OUTDATED, "{}", stored.as_stored());
        assert_eq!(verify(&chain, "wrong", &stored), PasswordVerdict::Invalid);
    }
}

#[test]
fn a_hash_behind_an_unknown_pepper_cannot_be_read() {
    let stored = hash(&cheap().peppered(Peppers::new(pepper("one"))), "right");
    for chain in [cheap(), cheap().peppered(Peppers::new(pepper("two")))] {
        assert_eq!(verify(&chain, "right", &stored), PasswordVerdict::Unreadable);
    }
}

#[test]
fn hostile_pepper_marks_cannot_be_read() {
    let chain = cheap().peppered(Peppers::new(pepper("one")));
    let inner = made_by(Argon2id::cheap_for_tests(), "right");
    let inner = inner.as_stored();
    for stored in [
        "$pepper$".into(),
        "$pepper$one".into(),
        "$pepper$one$".into(),
        "$pepper$one$pepper$one".into(),
        format!("$pepper${inner}"),
        format!("$pepper$One{inner}"),
        format!("$pepper$\u{e9}{inner}"),
        format!("$pepper$one${inner}"),
        format!("$pepper$one$pepper$one{inner}"),
        format!("$pepper$one{}", inner.replace("m=32", "m=4294967295")),
    ] {
        let verdict = verify(&chain, "right", &PasswordHash::from_stored(stored.clone()));
        assert_eq!(verdict, PasswordVerdict::Unreadable, "{stored}");
    }
}

#[test]
fn every_hasher_works_behind_a_pepper() {
    for chain in [
        HasherChain::new(Argon2id::cheap_for_tests()),
        HasherChain::new(Bcrypt::cheap_for_tests()),
        HasherChain::new(Pbkdf2Sha256::cheap_for_tests()),
    ] {
        let chain = chain.peppered(Peppers::new(pepper("one")));
        // Beyond what bcrypt takes, and with what bcrypt and HMAC would not see.
        for password in
            ["", "right", "caf\u{e9}", "a\0", "a\0b", &"a".repeat(73), &"a".repeat(4096)]
        {
            let stored = hash(&chain, password);
            assert_eq!(verify(&chain, password, &stored), CURRENT, "{chain:?} {password:?}");
            let longer = format!("{password}\0");
            assert_ne!(verify(&chain, &longer, &stored), CURRENT, "{chain:?} {password:?}");
        }
    }
}

#[test]
fn the_preferred_hasher_can_change_under_the_same_pepper() {
    let before = HasherChain::new(Bcrypt::cheap_for_tests()).peppered(Peppers::new(pepper("one")));
    let after = cheap().peppered(Peppers::new(pepper("one")));
    assert_eq!(verify(&after, "right", &hash(&before, "right")), OUTDATED);
}

#[test]
fn text_is_normalised_before_the_pepper() {
    let chain = cheap().peppered(Peppers::new(pepper("one")));
    assert_eq!(verify(&chain, "cafe\u{301}", &hash(&chain, "caf\u{e9}")), CURRENT);
    assert_eq!(verify(&chain, "caf\u{e9}", &hash(&chain, "cafe\u{301}")), CURRENT);
}

#[test]
fn a_hash_is_inspected_behind_its_pepper_if_that_is_at_hand() {
    let chain = cheap().peppered(Peppers::new(pepper("one")));
    let stored = hash(&chain, "right");
    let inspected = chain.inspect(stored.as_stored()).unwrap();
    assert_eq!((inspected.scheme, inspected.is_current), ("argon2id", true));
    let rotated = cheap().peppered(Peppers::new(pepper("two")).accepting(pepper("one")).unwrap());
    assert!(!rotated.inspect(stored.as_stored()).unwrap().is_current);
    let other = cheap().peppered(Peppers::new(pepper("two")));
    for chain in [cheap(), other] {
        assert_eq!(chain.inspect(stored.as_stored()), Err(HashError::MissingPepper));
    }
    for unknown in ["", "!", "$pepper$one", "$pepper$one$", "$pepper$one$1$x", "$9$x"] {
        assert_eq!(chain.inspect(unknown), Err(HashError::UnknownScheme), "{unknown}");
    }
}
