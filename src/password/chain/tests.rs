use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;

/// Counts what it lets another hasher do.
#[derive(Clone, Debug)]
struct Counted<H> {
    inner: H,
    hashed: Arc<AtomicUsize>,
    verified: Arc<AtomicUsize>,
}

impl<H> Counted<H> {
    fn new(inner: H) -> Self {
        Self { inner, hashed: Arc::default(), verified: Arc::default() }
    }

    /// How often it hashed and verified since this was last asked.
    fn spent(&self) -> (usize, usize) {
        (self.hashed.swap(0, Ordering::Relaxed), self.verified.swap(0, Ordering::Relaxed))
    }
}

impl<H: Verifier> Verifier for Counted<H> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn recognises(&self, stored: &str) -> bool {
        self.inner.recognises(stored)
    }

    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<bool, HashError> {
        self.verified.fetch_add(1, Ordering::Relaxed);
        self.inner.verify(password, stored, work)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        self.inner.parameters(stored)
    }
}

impl<H: Hasher> Hasher for Counted<H> {
    fn hash(
        &self,
        password: &[u8],
        salt: &Salt,
        work: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        self.hashed.fetch_add(1, Ordering::Relaxed);
        self.inner.hash(password, salt, work)
    }

    fn is_current(&self, stored: &str) -> bool {
        self.inner.is_current(stored)
    }
}

/// A chain of cheap hashers, with the counters of the preferred one and of the legacy one.
fn counted() -> (HasherChain, Counted<Argon2id>, Counted<Bcrypt>) {
    let preferred = Counted::new(Argon2id::cheap_for_tests());
    let legacy = Counted::new(Bcrypt::cheap_for_tests());
    let chain = HasherChain::new(preferred.clone())
        .reading(legacy.clone())
        .reading(Pbkdf2Sha256::cheap_for_tests());
    (chain, preferred, legacy)
}

pub(super) fn made_by(hasher: impl Hasher + 'static, password: &str) -> PasswordHash {
    let request = HashPassword { password: password.into(), salt: Salt::new(*b"sixteen bytes...") };
    HasherChain::new(hasher).hash(&request, &mut WorkBuffer::new()).unwrap().unwrap()
}

pub(super) fn verify(
    chain: &HasherChain,
    password: &str,
    stored: &PasswordHash,
) -> PasswordVerdict {
    let against = Against::Stored(stored.clone());
    let request = VerifyPassword { password: password.into(), against };
    chain.verify(&request, &mut WorkBuffer::new()).unwrap()
}

const VALID: PasswordVerdict = PasswordVerdict::Valid { outdated: false };
const OUTDATED: PasswordVerdict = PasswordVerdict::Valid { outdated: true };
const DECOMPOSED: &str = "cafe\u{301}";
const COMPOSED: &str = "caf\u{e9}";

#[test]
fn a_current_hash_is_compared_once_and_nothing_more() {
    let (chain, preferred, legacy) = counted();
    let stored = made_by(Argon2id::cheap_for_tests(), "right");
    assert_eq!(verify(&chain, "right", &stored), VALID);
    assert_eq!((preferred.spent(), legacy.spent()), ((0, 1), (0, 0)));
    assert_eq!(verify(&chain, "wrong", &stored), PasswordVerdict::Invalid);
    assert_eq!((preferred.spent(), legacy.spent()), ((0, 1), (0, 0)));
}

#[test]
fn nobody_costs_one_preferred_hash() {
    let (chain, preferred, legacy) = counted();
    let request = VerifyPassword { password: "any".into(), against: Against::Nobody };
    let verdict = chain.verify(&request, &mut WorkBuffer::new()).unwrap();
    assert_eq!(verdict, PasswordVerdict::Invalid);
    assert_eq!((preferred.spent(), legacy.spent()), ((1, 0), (0, 0)));
}

#[test]
fn an_account_without_a_password_costs_one_preferred_hash() {
    let (chain, preferred, legacy) = counted();
    for unusable in ["", "!", "!0123456789abcdef"] {
        let stored = PasswordHash::from_stored(unusable.into());
        for password in ["any", "", unusable] {
            let verdict = verify(&chain, password, &stored);
            assert_eq!(verdict, PasswordVerdict::Invalid, "{unusable}");
            assert_eq!((preferred.spent(), legacy.spent()), ((1, 0), (0, 0)), "{unusable}");
        }
    }
}

#[test]
fn a_hash_that_cannot_be_read_costs_one_preferred_hash() {
    let (chain, preferred, _) = counted();
    for unreadable in [
        "plaintext",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$2x$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
        "$2$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC",
        "$2b$31$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq",
        "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxji",
        "$argon2id$v=19$m=4294967295,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$argon2i$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$scrypt$ln=15,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "pbkdf2_sha256$2147483648$salt$JqX3GXFiu9jfHIHiot0rqlJUbmTXbK0fgff0kIvaCW4=",
        "pbkdf2_sha256$1000$$JqX3GXFiu9jfHIHiot0rqlJUbmTXbK0fgff0kIvaCW4=",
    ] {
        let stored = PasswordHash::from_stored(unreadable.into());
        let verdict = verify(&chain, "any", &stored);
        assert_eq!(verdict, PasswordVerdict::Unreadable, "{unreadable}");
        assert_eq!(preferred.spent().0, 1, "{unreadable}");
    }
}

#[test]
fn an_outdated_hash_that_matches_is_to_be_replaced() {
    let (chain, preferred, legacy) = counted();
    let stored = made_by(Bcrypt::cheap_for_tests(), "right");
    assert_eq!(verify(&chain, "right", &stored), OUTDATED);
    assert_eq!((preferred.spent(), legacy.spent()), ((0, 0), (0, 1)));

    let other_settings = HasherChain::new(Argon2id::new(12_288, 3, 1).unwrap());
    let stored = made_by(Argon2id::cheap_for_tests(), "right");
    assert_eq!(verify(&other_settings, "right", &stored), OUTDATED);
    let stored = made_by(Pbkdf2Sha256::cheap_for_tests(), "right");
    assert_eq!(verify(&chain, "right", &stored), OUTDATED);
}

#[test]
fn an_outdated_hash_that_does_not_match_costs_a_preferred_hash_as_well() {
    let (chain, preferred, legacy) = counted();
    let stored = made_by(Bcrypt::cheap_for_tests(), "right");
    assert_eq!(verify(&chain, "wrong", &stored), PasswordVerdict::Invalid);
    assert_eq!((preferred.spent(), legacy.spent()), ((1, 0), (0, 1)));
}

#[test]
fn a_password_that_the_old_scheme_cannot_take_is_wrong_and_costs_a_preferred_hash() {
    let (chain, preferred, legacy) = counted();
    let stored = made_by(Bcrypt::cheap_for_tests(), &"a".repeat(72));
    assert_eq!(verify(&chain, &"a".repeat(72), &stored), OUTDATED);
    assert_eq!((preferred.spent(), legacy.spent()), ((0, 0), (0, 1)));
    for password in [format!("{}a", "a".repeat(72)), "a\0".into()] {
        assert_eq!(verify(&chain, &password, &stored), PasswordVerdict::Invalid);
        assert_eq!((preferred.spent(), legacy.spent()), ((1, 0), (0, 1)));
    }
}

#[test]
fn the_same_text_is_the_same_password_however_it_is_encoded() {
    let (chain, ..) = counted();
    for (hashed, typed) in [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)] {
        let stored = made_by(Argon2id::cheap_for_tests(), hashed);
        assert_eq!(verify(&chain, typed, &stored), VALID);
        assert_eq!(verify(&chain, hashed, &stored), VALID);
    }
}

#[test]
fn a_foreign_hash_of_text_as_typed_matches_that_text() {
    let (chain, preferred, legacy) = counted();
    // Made by Python's bcrypt 5.0 of an `e` followed by a combining acute accent.
    let foreign = "$2b$04$abcdefghijklmnopqrstuuMdPOZgfL4Rfg6Rd30rOY2XcX0hEFhDK";
    let stored = PasswordHash::from_stored(foreign.into());
    assert_eq!(verify(&chain, "e\u{301}", &stored), OUTDATED);
    assert_eq!((preferred.spent(), legacy.spent()), ((1, 0), (0, 2)));
    assert_eq!(verify(&chain, "\u{e9}", &stored), PasswordVerdict::Invalid);
    assert_eq!((preferred.spent(), legacy.spent()), ((1, 0), (0, 1)));
}

#[test]
fn a_foreign_hash_of_the_current_settings_matches_the_text_as_typed_and_is_replaced() {
    let (chain, ..) = counted();
    let stored = as_typed(DECOMPOSED);
    assert_eq!(verify(&chain, DECOMPOSED, &stored), OUTDATED);
    assert_eq!(verify(&chain, COMPOSED, &stored), PasswordVerdict::Invalid);

    let replaced = made_by(Argon2id::cheap_for_tests(), DECOMPOSED);
    assert_eq!(verify(&chain, DECOMPOSED, &replaced), VALID);
    assert_eq!(verify(&chain, COMPOSED, &replaced), VALID);
}

/// A hash of the current settings as a system makes it that does not know of Unicode.
fn as_typed(password: &str) -> PasswordHash {
    let (hasher, salt) = (Argon2id::cheap_for_tests(), Salt::new(*b"sixteen bytes..."));
    hasher.hash(password.as_bytes(), &salt, &mut WorkBuffer::new()).unwrap()
}

#[test]
fn text_that_is_not_in_nfc_costs_twice_whether_or_not_there_is_an_account() {
    let (chain, preferred, _) = counted();
    let current = |password| made_by(Argon2id::cheap_for_tests(), password);
    for (what, stored) in [
        ("right", current(DECOMPOSED)),
        ("right as typed", as_typed(DECOMPOSED)),
        ("wrong", current("another")),
        ("unusable", PasswordHash::from_stored("!".into())),
        ("unknown scheme", PasswordHash::from_stored("plaintext".into())),
        ("unknown pepper", PasswordHash::from_stored("$pepper$a$argon2id$".into())),
        ("malformed", PasswordHash::from_stored("pbkdf2_sha256$".into())),
        ("too costly", PasswordHash::from_stored(FOUR_TERABYTES.into())),
    ] {
        verify(&chain, DECOMPOSED, &stored);
        // What fails before it computes anything costs nothing.
        let computed = match (what, preferred.spent()) {
            ("too costly", (hashed, 2)) => hashed,
            (_, (hashed, verified)) => hashed + verified,
        };
        assert_eq!(computed, 2, "{what}");
    }
    let request = VerifyPassword { password: DECOMPOSED.into(), against: Against::Nobody };
    chain.verify(&request, &mut WorkBuffer::new()).unwrap();
    assert_eq!(preferred.spent(), (2, 0), "nobody");
}

const FOUR_TERABYTES: &str =
    "$argon2id$v=19$m=4294967295,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw";

#[test]
fn text_that_is_not_in_nfc_costs_an_outdated_hash_the_same_whether_or_not_it_matches() {
    let (chain, preferred, legacy) = counted();
    let replacement = 1;
    for (what, stored, replaced) in [
        ("right", made_by(Bcrypt::cheap_for_tests(), DECOMPOSED), replacement),
        ("wrong", made_by(Bcrypt::cheap_for_tests(), "another"), 0),
    ] {
        let verdict = verify(&chain, DECOMPOSED, &stored);
        assert_eq!(verdict == OUTDATED, replaced == replacement, "{what}");
        assert_eq!(preferred.spent(), (2 - replaced, 0), "{what}");
        assert_eq!(legacy.spent(), (0, 2), "{what}");
    }
}

#[test]
fn compatibility_characters_are_not_folded() {
    let (chain, ..) = counted();
    let stored = made_by(Argon2id::cheap_for_tests(), "\u{ff41}bc");
    assert_eq!(verify(&chain, "\u{ff41}bc", &stored), VALID);
    assert_eq!(verify(&chain, "abc", &stored), PasswordVerdict::Invalid);
}

#[test]
fn a_password_beyond_the_bound_does_no_work() {
    let (chain, preferred, legacy) = counted();
    let too_long = "a".repeat(Password::MAX_BYTES + 1);
    let stored = made_by(Argon2id::cheap_for_tests(), "right");
    assert_eq!(verify(&chain, &too_long, &stored), PasswordVerdict::Invalid);
    let request = VerifyPassword { password: too_long.as_str().into(), against: Against::Nobody };
    let verdict = chain.verify(&request, &mut WorkBuffer::new()).unwrap();
    assert_eq!(verdict, PasswordVerdict::Invalid);
    let request = HashPassword { password: too_long.as_str().into(), salt: Salt::new([7; 16]) };
    let refused = chain.hash(&request, &mut WorkBuffer::new());
    assert_eq!(refused, Ok(Err(Unhashable::TooLong { most: Password::MAX_BYTES })));
    assert_eq!((preferred.spent(), legacy.spent()), ((0, 0), (0, 0)));

    let longest = "a".repeat(Password::MAX_BYTES);
    let stored = made_by(Argon2id::cheap_for_tests(), &longest);
    assert_eq!(verify(&chain, &longest, &stored), VALID);
}

#[test]
fn the_standard_chain_prefers_argon2id_and_reads_every_scheme() {
    let chain = HasherChain::standard();
    assert_eq!(
        format!("{chain:?}"),
        "HasherChain { preferred: \"argon2id\", reading: [\"argon2id\", \"argon2i\", \"argon2d\", \
         \"bcrypt\", \"bcrypt-sha256\", \"pbkdf2-sha1\", \"pbkdf2-sha256\", \"pbkdf2-sha512\", \
         \"scrypt\"], peppers: None }"
    );
    for (stored, verdict) in [
        (made_by(Argon2id::default(), "right"), VALID),
        (made_by(Argon2id::cheap_for_tests(), "right"), OUTDATED),
        (made_by(Bcrypt::cheap_for_tests(), "right"), OUTDATED),
        (made_by(Pbkdf2Sha256::cheap_for_tests(), "right"), OUTDATED),
    ] {
        assert_eq!(verify(&chain, "right", &stored), verdict, "{}", stored.as_stored());
    }
}

#[test]
fn a_stored_string_is_identified_by_its_prefix() {
    let chain = HasherChain::standard();
    for (stored, scheme) in [
        ("$argon2id$v=19$", Some("argon2id")),
        ("argon2$argon2id$v=19$", Some("argon2id")),
        ("$argon2i$v=19$", Some("argon2i")),
        ("argon2$argon2i$v=19$", Some("argon2i")),
        ("$argon2d$v=19$", Some("argon2d")),
        ("$2a$10$", Some("bcrypt")),
        ("$2b$10$", Some("bcrypt")),
        ("$2y$10$", Some("bcrypt")),
        ("bcrypt$$2b$10$", Some("bcrypt")),
        ("bcrypt_sha256$$2b$10$", Some("bcrypt-sha256")),
        ("$bcrypt-sha256$v=2,t=2b,r=12$", Some("bcrypt-sha256")),
        ("pbkdf2_sha1$", Some("pbkdf2-sha1")),
        ("pbkdf2_sha256$", Some("pbkdf2-sha256")),
        ("$pbkdf2-sha256$29000$", Some("pbkdf2-sha256")),
        ("pbkdf2:sha256:", Some("pbkdf2-sha256")),
        ("$pbkdf2-sha512$25000$", Some("pbkdf2-sha512")),
        ("pbkdf2:sha512:", Some("pbkdf2-sha512")),
        ("scrypt$", Some("scrypt")),
        ("scrypt:", Some("scrypt")),
        ("$scrypt$", Some("scrypt")),
        ("$pepper$2026$argon2id$v=19$", Some("argon2id")),
        ("$pepper$2026", None),
        ("", None),
        ("!", None),
        ("$2x$10$", None),
        ("$2$10$", None),
        ("$argon2$", None),
        ("argon2$", None),
        ("$1$salt$hash", None),
        ("md5$salt$hash", None),
        ("plaintext", None),
    ] {
        assert_eq!(chain.identify(stored), scheme, "{stored}");
    }
}

#[test]
fn a_chain_is_shared_by_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Arc<HasherChain>>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_password_verifies_against_its_hash_and_no_other_text_does(
        password: String,
        other: String,
    ) {
        let (chain, ..) = counted();
        let stored = made_by(Argon2id::cheap_for_tests(), &password);
        prop_assert_eq!(verify(&chain, &password, &stored), VALID);
        let same = Password::from(&*password)
            .normalized()
            .same_as(&Password::from(&*other).normalized());
        prop_assert_eq!(verify(&chain, &other, &stored) == VALID, same);
    }

    #[test]
    fn no_stored_string_panics_or_matches(stored in r"[!$]?\PC{0,100}", password: String) {
        let (chain, ..) = counted();
        let verdict = verify(&chain, &password, &PasswordHash::from_stored(stored));
        prop_assert!(
            matches!(verdict, PasswordVerdict::Invalid | PasswordVerdict::Unreadable)
        );
    }
}
