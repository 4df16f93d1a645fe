//! The hashers of an application: one for new hashes, the others for old ones.

use std::fmt;
use std::hint::black_box;

use super::{
    Argon2id, Bcrypt, HashError, Hasher, Password, PasswordHash, Pbkdf2Sha256, Salt, WorkBuffer,
};
use crate::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};

/// One hasher for new passwords, and any number that old ones are read with.
///
/// It carries out [`HashPassword`] and [`VerifyPassword`] and is shared by the threads that hash,
/// each of which keeps its own [`WorkBuffer`]. A password that matches a hash of any other scheme or
/// setting than the preferred one is answered as outdated, so that it is replaced while the password
/// is at hand.
///
/// # Security
///
/// Text is hashed in Unicode NFC (NIST SP 800-63B-4 3.1.1.2). Hashes that another system made may be
/// of the text as it was typed: where the two differ, a hash that is not current is tried with both.
///
/// How long an answer takes does not tell whether there is such an account (ASVS 5.0 6.3.8): nobody,
/// an account without a password and a hash that cannot be read each cost one hash of the preferred
/// settings, and so does, on top of its own cost, an outdated hash that does not match. What remains
/// is that a wrong password on an outdated hash takes longer than on a current one. It shows that
/// the account has not signed in since its hashes were brought along, and ends when it does.
///
/// ```
/// use testudo::command::{Against, HashPassword, PasswordVerdict, VerifyPassword};
/// use testudo::password::{HasherChain, Password, Salt, WorkBuffer};
///
/// # fn main() -> Result<(), testudo::password::HashError> {
/// let (chain, mut work) = (HasherChain::standard(), WorkBuffer::new());
/// let password = Password::from("correct horse battery staple");
/// let salt = Salt::new([7; 16]); // Fresh for every password, from the flow's entropy.
/// let stored = chain.hash(&HashPassword { password: password.clone(), salt }, &mut work)?;
///
/// let against = Against::Stored(stored);
/// let verdict = chain.verify(&VerifyPassword { password, against }, &mut work)?;
/// assert_eq!(verdict, PasswordVerdict::Valid { outdated: false });
/// # Ok(())
/// # }
/// ```
pub struct HasherChain {
    preferred: Box<dyn Hasher>,
    others: Vec<Box<dyn Hasher>>,
}

impl HasherChain {
    /// Argon2id for new passwords, and bcrypt and PBKDF2 for those brought along.
    #[must_use]
    pub fn standard() -> Self {
        Self::new(Argon2id::default()).reading(Bcrypt::default()).reading(Pbkdf2Sha256::default())
    }

    /// A chain that hashes with `preferred`, and reads nothing else yet.
    #[must_use]
    pub fn new(preferred: impl Hasher + 'static) -> Self {
        Self { preferred: Box::new(preferred), others: Vec::new() }
    }

    /// Reads hashes of another scheme as well. The first hasher that recognises a hash reads it.
    #[must_use]
    pub fn reading(mut self, other: impl Hasher + 'static) -> Self {
        self.others.push(Box::new(other));
        self
    }

    /// Hashes a password with the preferred hasher.
    ///
    /// # Errors
    ///
    /// [`HashError::PasswordTooLong`] beyond [`Password::MAX_BYTES`], before any work, and whatever
    /// the preferred hasher refuses.
    pub fn hash(
        &self,
        request: &HashPassword,
        work: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        if request.password.is_too_long() {
            return Err(HashError::PasswordTooLong { most: Password::MAX_BYTES });
        }
        let text = request.password.normalized();
        self.preferred.hash(text.expose().as_bytes(), &request.salt, work)
    }

    /// Compares a password with a stored hash, or spends the same on nobody.
    ///
    /// A password beyond [`Password::MAX_BYTES`] is [`PasswordVerdict::Invalid`] without any work,
    /// and so for every account alike. One that the scheme of the stored hash cannot take, such as a
    /// long one for bcrypt, is `Invalid` too: no such hash can have been made from it.
    ///
    /// # Errors
    ///
    /// [`HashError::OutOfMemory`]: nothing was found out, and a driver reports a fault.
    pub fn verify(
        &self,
        request: &VerifyPassword,
        work: &mut WorkBuffer,
    ) -> Result<PasswordVerdict, HashError> {
        if request.password.is_too_long() {
            return Ok(PasswordVerdict::Invalid);
        }
        match &request.against {
            Against::Stored(stored) if stored.is_usable() => {
                self.compare(&request.password, stored.as_stored(), work)
            }
            Against::Stored(_) | Against::Nobody => {
                self.spend(&request.password, work)?;
                Ok(PasswordVerdict::Invalid)
            }
        }
    }

    fn compare(
        &self,
        password: &Password,
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<PasswordVerdict, HashError> {
        let current = self.preferred.is_current(stored);
        let matched = self.reader(stored).map(|hasher| {
            let typed = if current { None } else { Some(password.expose()) };
            matches(hasher, password.normalized().expose(), typed, stored, work)
        });
        // A match on an outdated hash is followed by the hash that replaces it, so it costs its own
        // and a preferred one. Without the same for whatever does not match, a legacy hash, which
        // is often cheaper, would be told from no account at all by its quicker answer.
        let paid = match matched {
            Some(Ok(true)) => true,
            Some(Ok(false)) => current,
            Some(Err(_)) | None => false,
        };
        if !paid {
            self.spend(password, work)?;
        }
        match matched {
            Some(Ok(true)) => Ok(PasswordVerdict::Valid { outdated: !current }),
            Some(Ok(false)) => Ok(PasswordVerdict::Invalid),
            Some(Err(error @ HashError::OutOfMemory { .. })) => Err(error),
            Some(Err(error)) if error.is_about_password() => Ok(PasswordVerdict::Invalid),
            Some(Err(_)) | None => Ok(PasswordVerdict::Unreadable),
        }
    }

    /// The first hasher that recognises a stored hash.
    fn reader(&self, stored: &str) -> Option<&dyn Hasher> {
        std::iter::once(&self.preferred)
            .chain(&self.others)
            .map(AsRef::as_ref)
            .find(|hasher| hasher.recognises(stored))
    }

    /// Costs what a comparison with a hash of the current settings costs.
    fn spend(&self, password: &Password, work: &mut WorkBuffer) -> Result<(), HashError> {
        let text = password.normalized();
        let hash = self.preferred.hash(text.expose().as_bytes(), &Salt::new([0; 16]), work);
        // Nobody looks at it, but it must not be optimised away.
        match black_box(hash) {
            Err(error @ HashError::OutOfMemory { .. }) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

impl fmt::Debug for HasherChain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others: Vec<_> = self.others.iter().map(|hasher| hasher.name()).collect();
        out.debug_struct("HasherChain")
            .field("preferred", &self.preferred.name())
            .field("reading", &others)
            .finish()
    }
}

/// Whether the text in NFC matches, or else, where there is one, the text as it was typed.
fn matches(
    hasher: &dyn Hasher,
    normalized: &str,
    typed: Option<&str>,
    stored: &str,
    work: &mut WorkBuffer,
) -> Result<bool, HashError> {
    let first = hasher.verify(normalized.as_bytes(), stored, work);
    let Some(typed) = typed.filter(|typed| *typed != normalized) else { return first };
    match first {
        Ok(true) => first,
        Err(error) if !error.is_about_password() => Err(error),
        Ok(false) | Err(_) => hasher.verify(typed.as_bytes(), stored, work),
    }
}

#[cfg(test)]
mod tests {
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

    impl<H: Hasher> Hasher for Counted<H> {
        fn name(&self) -> &'static str {
            self.inner.name()
        }

        fn recognises(&self, stored: &str) -> bool {
            self.inner.recognises(stored)
        }

        fn hash(
            &self,
            password: &[u8],
            salt: &Salt,
            work: &mut WorkBuffer,
        ) -> Result<PasswordHash, HashError> {
            self.hashed.fetch_add(1, Ordering::Relaxed);
            self.inner.hash(password, salt, work)
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

    fn made_by(hasher: impl Hasher + 'static, password: &str) -> PasswordHash {
        let request =
            HashPassword { password: password.into(), salt: Salt::new(*b"sixteen bytes...") };
        HasherChain::new(hasher).hash(&request, &mut WorkBuffer::new()).unwrap()
    }

    fn verify(chain: &HasherChain, password: &str, stored: &PasswordHash) -> PasswordVerdict {
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
        assert_eq!(verify(&chain, DECOMPOSED, &stored), PasswordVerdict::Invalid);
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
        assert_eq!((preferred.spent(), legacy.spent()), ((0, 0), (0, 2)));
        assert_eq!(verify(&chain, "\u{e9}", &stored), PasswordVerdict::Invalid);
        assert_eq!((preferred.spent(), legacy.spent()), ((1, 0), (0, 1)));
    }

    #[test]
    fn a_password_beyond_the_bound_does_no_work() {
        let (chain, preferred, legacy) = counted();
        let too_long = "a".repeat(Password::MAX_BYTES + 1);
        let stored = made_by(Argon2id::cheap_for_tests(), "right");
        assert_eq!(verify(&chain, &too_long, &stored), PasswordVerdict::Invalid);
        let request =
            VerifyPassword { password: too_long.as_str().into(), against: Against::Nobody };
        let verdict = chain.verify(&request, &mut WorkBuffer::new()).unwrap();
        assert_eq!(verdict, PasswordVerdict::Invalid);
        let request = HashPassword { password: too_long.as_str().into(), salt: Salt::new([7; 16]) };
        let refused = chain.hash(&request, &mut WorkBuffer::new());
        assert_eq!(refused, Err(HashError::PasswordTooLong { most: Password::MAX_BYTES }));
        assert_eq!((preferred.spent(), legacy.spent()), ((0, 0), (0, 0)));

        let longest = "a".repeat(Password::MAX_BYTES);
        let stored = made_by(Argon2id::cheap_for_tests(), &longest);
        assert_eq!(verify(&chain, &longest, &stored), VALID);
    }

    #[test]
    fn the_standard_chain_reads_all_three_and_prefers_argon2id() {
        let chain = HasherChain::standard();
        assert_eq!(
            format!("{chain:?}"),
            r#"HasherChain { preferred: "argon2id", reading: ["bcrypt", "pbkdf2-sha256"] }"#
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
}
