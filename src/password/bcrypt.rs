//! bcrypt, for hashes that an application brings along.

use super::hasher::bounded;
use super::{HashError, Hasher, PasswordHash, Salt, Verifier, WorkBuffer};

/// bcrypt, of which two to the power of the cost are the rounds.
///
/// It verifies what other systems stored (`$2a$`, `$2b$` and `$2y$`, which are one algorithm, also
/// after the `bcrypt$` that Django writes before them) and is there for moving away from it: new
/// passwords are better off with [`Argon2id`](super::Argon2id). `$2x$` marks hashes made by a faulty implementation, and `$2$` is from before the format said how
/// text becomes bytes: both are refused.
///
/// # Security
///
/// bcrypt sees 72 bytes and stops at a NUL. A longer password or one with a NUL is therefore refused
/// rather than shortened: hashed, it would let in everybody who knows its beginning. Systems that did
/// shorten it have users who need a new password here.
///
/// ```
/// use testudo::password::{Bcrypt, HashError, Verifier, WorkBuffer};
///
/// # fn main() -> Result<(), HashError> {
/// let (hasher, mut work) = (Bcrypt::default(), WorkBuffer::new());
/// let stored = "$2b$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W";
/// assert!(hasher.verify(b"correct horse battery staple", stored, &mut work)?);
///
/// let too_long = hasher.verify(&[b'a'; 73], stored, &mut work);
/// assert_eq!(too_long, Err(HashError::PasswordTooLong { most: 72 }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bcrypt {
    cost: u32,
}

impl Bcrypt {
    /// The most bytes of a password.
    pub const MAX_PASSWORD_BYTES: usize = 72;

    /// The highest cost that settings or a stored hash may ask for: 65536 rounds, some seconds.
    pub const MAX_COST: u32 = 16;

    /// Hashers of this cost.
    ///
    /// # Errors
    ///
    /// [`HashError::Settings`] below 10, which the OWASP Password Storage Cheat Sheet asks for, or
    /// above [`Bcrypt::MAX_COST`].
    pub fn new(cost: u32) -> Result<Self, HashError> {
        if (10..=Self::MAX_COST).contains(&cost) {
            Ok(Self { cost })
        } else {
            Err(HashError::Settings { expected: "a bcrypt cost of 10 to 16" })
        }
    }

    /// Settings that protect nothing, for tests that hash a lot.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    #[must_use]
    pub const fn cheap_for_tests() -> Self {
        Self { cost: LEAST_COST }
    }
}

impl Default for Bcrypt {
    fn default() -> Self {
        Self { cost: 12 }
    }
}

impl Verifier for Bcrypt {
    fn name(&self) -> &'static str {
        "bcrypt"
    }

    fn recognises(&self, stored: &str) -> bool {
        PREFIXES.iter().any(|prefix| crypt_string(stored).starts_with(prefix))
    }

    fn verify(&self, password: &[u8], stored: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        let stored = crypt_string(stored);
        bounded("bcrypt cost", cost(stored)?, Self::MAX_COST)?;
        whole(password)?;
        // The crate shortens what is longer than 72 bytes, which nothing is any more. Its
        // `non_truncating_verify` would refuse a password of exactly 72 bytes, which bcrypt takes
        // whole. It compares in constant time.
        bcrypt::verify(password, stored).map_err(|_| MALFORMED)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        let cost = cost(crypt_string(stored))?;
        bounded("bcrypt cost", cost, Self::MAX_COST)?;
        Ok(vec![("cost", cost.into())])
    }
}

impl Hasher for Bcrypt {
    fn hash(
        &self,
        password: &[u8],
        salt: &Salt,
        _: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        whole(password)?;
        let parts = bcrypt::hash_with_salt(password, self.cost, *salt.as_bytes());
        parts.map(|parts| PasswordHash::from_stored(parts.to_string())).map_err(|_| MALFORMED)
    }

    fn is_current(&self, stored: &str) -> bool {
        cost(stored) == Ok(self.cost)
    }
}

const PREFIXES: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

const LEAST_COST: u32 = 4;

const MALFORMED: HashError = HashError::Malformed {
    expected: "60 characters: $2a$, $2b$ or $2y$, a cost of two digits from 04, $, \
               and 53 characters of bcrypt's base64 (Django writes bcrypt$ before them)",
};

/// The bcrypt string in what is stored: Django writes the name of its hasher before it.
fn crypt_string(stored: &str) -> &str {
    stored.strip_prefix("bcrypt$").unwrap_or(stored)
}

/// Refuses a password of which bcrypt would not see every byte.
fn whole(password: &[u8]) -> Result<(), HashError> {
    if password.len() > Bcrypt::MAX_PASSWORD_BYTES {
        return Err(HashError::PasswordTooLong { most: Bcrypt::MAX_PASSWORD_BYTES });
    }
    if password.contains(&0) {
        return Err(HashError::PasswordUnsupported {
            expected: "no NUL character, where bcrypt would stop reading",
        });
    }
    Ok(())
}

/// The cost of a stored hash that is well-formed in all its parts.
fn cost(stored: &str) -> Result<u32, HashError> {
    // The crate reads `+4` and the faulty `2x` too.
    let strict = PREFIXES.iter().any(|prefix| stored.starts_with(prefix))
        && stored.get(4..6).is_some_and(|cost| cost.bytes().all(|digit| digit.is_ascii_digit()));
    let parts = stored.parse::<bcrypt::HashParts>().ok().filter(|_| strict).ok_or(MALFORMED)?;
    let cost = parts.get_cost();
    if cost < LEAST_COST { Err(MALFORMED) } else { Ok(cost) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Made by Python's bcrypt 5.0: `hashpw(password, b"$2b$04$abcdefghijklmnopqrstuu")`, with the
    // prefix and the cost that each one shows.
    const UNICODE: &str = "$2b$04$abcdefghijklmnopqrstuuESmz2KlYgnhSMqAh8U2JHaWhc4kF.6a";
    const COST_10: &str = "$2b$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W";
    const SEVENTY_TWO: &str = "$2b$04$abcdefghijklmnopqrstuuBzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe";
    const SEVENTY_ONE: &str = "$2b$04$abcdefghijklmnopqrstuuMCu.k1vM/ywQwiONaEn3oEMlZoCVBd6";
    const MULTI_BYTE: &str = "$2b$04$abcdefghijklmnopqrstuuKiIlCeXB6chNXkLyAo8C7XcLPzh6zUe";
    const EMPTY: &str = "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq";
    const FAULTY: &str = "$2x$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC";

    fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
        Bcrypt::default().verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    fn hash(password: &str) -> Result<PasswordHash, HashError> {
        let salt = Salt::new(*b"sixteen bytes...");
        Bcrypt::cheap_for_tests().hash(password.as_bytes(), &salt, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_python_verify() {
        for (password, stored) in [
            ("pässwörd ✓", UNICODE),
            ("correct horse battery staple", COST_10),
            (&"a".repeat(72), SEVENTY_TWO),
            (&"a".repeat(71), SEVENTY_ONE),
            (&"é".repeat(36), MULTI_BYTE),
            ("", EMPTY),
        ] {
            assert_eq!(verify(password, stored), Ok(true), "{stored}");
            assert_eq!(verify("another", stored), Ok(false), "{stored}");
        }
    }

    #[test]
    fn the_three_prefixes_are_one_algorithm() {
        for prefix in PREFIXES {
            let stored = UNICODE.replace("$2b$", prefix);
            assert_eq!(verify("pässwörd ✓", &stored), Ok(true), "{stored}");
            assert!(Bcrypt::cheap_for_tests().is_current(&stored), "{stored}");
        }
    }

    #[test]
    fn the_form_of_django_is_read_and_not_current() {
        let stored = format!("bcrypt${UNICODE}");
        assert!(Bcrypt::default().recognises(&stored));
        assert_eq!(verify("pässwörd ✓", &stored), Ok(true));
        assert_eq!(verify("another", &stored), Ok(false));
        assert!(!Bcrypt::cheap_for_tests().is_current(&stored));
        for malformed in [format!("bcrypt$${UNICODE}"), UNICODE.replacen('$', "bcrypt$", 1)] {
            assert_eq!(verify("pässwörd ✓", &malformed), Err(MALFORMED), "{malformed}");
        }
    }

    #[test]
    fn the_same_hash_comes_out_as_python_makes_it() {
        let salt = salt_of_python();
        let made = Bcrypt::new(10)
            .unwrap()
            .hash(b"correct horse battery staple", &salt, &mut WorkBuffer::new())
            .unwrap();
        assert_eq!(made.as_stored(), COST_10);
    }

    fn salt_of_python() -> Salt {
        Salt::new(COST_10.parse::<bcrypt::HashParts>().unwrap().get_salt_raw())
    }

    #[test]
    fn seventy_two_bytes_are_taken_whole_and_the_seventy_third_is_refused() {
        let too_long = HashError::PasswordTooLong { most: 72 };
        assert_eq!(verify(&format!("{}b", "a".repeat(71)), SEVENTY_TWO), Ok(false));
        for password in ["a".repeat(73), "é".repeat(37), "a".repeat(4096)] {
            assert_eq!(verify(&password, SEVENTY_TWO), Err(too_long.clone()));
            assert_eq!(hash(&password), Err(too_long.clone()));
        }
        assert!(hash(&"a".repeat(72)).is_ok());
    }

    #[test]
    fn a_nul_is_refused_wherever_it_is() {
        for password in ["\0", "a\0", "\0a", "a\0a"] {
            let refused = verify(password, EMPTY);
            assert!(matches!(refused, Err(HashError::PasswordUnsupported { .. })), "{refused:?}");
            assert!(matches!(hash(password), Err(HashError::PasswordUnsupported { .. })));
        }
    }

    #[test]
    fn settings_are_neither_too_weak_nor_too_costly() {
        for cost in [10, 12, 16] {
            assert!(Bcrypt::new(cost).is_ok(), "{cost}");
        }
        for cost in [0, 4, 9, 17, 31, u32::MAX] {
            assert!(matches!(Bcrypt::new(cost), Err(HashError::Settings { .. })), "{cost}");
        }
    }

    #[test]
    fn costs_beyond_the_bound_are_refused_before_any_work() {
        for cost in 17..=99 {
            let stored = COST_10.replace("$10$", &format!("${cost}$"));
            let refused = HashError::TooCostly { what: "bcrypt cost", asked: cost, most: 16 };
            assert_eq!(verify("password", &stored), Err(refused));
        }
    }

    #[test]
    fn malformed_hashes_are_refused() {
        for stored in [
            "".into(),
            "$2b$".into(),
            "$2b$10$".into(),
            FAULTY.into(),
            EMPTY.replace("$2b$", "$2$"),
            EMPTY.replace("$2b$", "$2$0"),
            EMPTY.replace("$2b$", "$2c$"),
            EMPTY.replace("$2b$", "$3b$"),
            EMPTY.replace("$04$", "$+4$"),
            EMPTY.replace("$04$", "$ 4$"),
            EMPTY.replace("$04$", "$4$"),
            EMPTY.replace("$04$", "$03$"),
            EMPTY.replace("$04$", "$00$"),
            EMPTY.replace("$04$", "$04."),
            EMPTY.replace("$04$", "$é$"),
            EMPTY.replace("$2b$04$", "$2b$0é"),
            EMPTY.replace("abc", "a!c"),
            EMPTY.replace("abc", "é."),
            EMPTY.replace("stuub", "stué"),
            EMPTY.replace("iq", "i="),
            format!("{EMPTY}."),
            format!(" {EMPTY}"),
            EMPTY.chars().take(59).collect::<String>(),
        ] {
            assert_eq!(verify("", &stored), Err(MALFORMED), "{stored}");
            assert!(!Bcrypt::default().is_current(&stored), "{stored}");
        }
    }

    #[test]
    fn current_means_exactly_this_cost() {
        assert!(Bcrypt::new(10).unwrap().is_current(COST_10));
        assert!(!Bcrypt::default().is_current(COST_10));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn a_password_verifies_against_its_hash_and_no_other_does(
            password in r"[^\x00]{0,18}",
            other in r"[^\x00]{0,18}",
        ) {
            let stored = hash(&password).unwrap();
            prop_assert_eq!(verify(&password, stored.as_stored()), Ok(true));
            prop_assert_eq!(verify(&other, stored.as_stored()), Ok(other == password));
        }

        #[test]
        fn no_stored_string_panics(
            stored in r"\$2[abxy]\$(04|\PC{2})\$([./A-Za-z0-9]{53}|\PC{0,53})"
        ) {
            let _ = verify("password", &stored);
        }
    }
}
