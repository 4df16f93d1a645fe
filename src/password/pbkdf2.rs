//! PBKDF2 with HMAC-SHA-256, for hashes that an application brings along.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::hasher::{bounded, parameters, same};
use super::{HashError, Hasher, PasswordHash, Salt, WorkBuffer};

/// PBKDF2 with HMAC-SHA-256.
///
/// For deployments that must use what NIST has approved, and for moving away from it: it needs no
/// memory, so an attacker's hardware gains far more than with [`Argon2id`](super::Argon2id).
///
/// New hashes are `$pbkdf2-sha256$i=600000,l=32$<salt>$<hash>`, the PHC string format. It reads these
/// (also without `l`), and `pbkdf2_sha256$<iterations>$<salt>$<hash>` as Django and tortoise-auth
/// store it. Django's salt is the text as it stands, tortoise-auth's is the base64 of bytes, and the
/// string does not say which: both readings are tried, the text first. A wrong password on a hash of
/// this form whose salt happens to be base64 thus costs twice its iterations.
///
/// # Security
///
/// HMAC fills up short keys with NUL characters, so that `a` and `a` followed by a NUL are the same
/// key. A password that ends in a NUL is therefore refused.
///
/// ```
/// use testudo::password::{HashError, Hasher, Pbkdf2Sha256, WorkBuffer};
///
/// # fn main() -> Result<(), HashError> {
/// let (hasher, mut work) = (Pbkdf2Sha256::default(), WorkBuffer::new());
/// let django = "pbkdf2_sha256$600000$seasalt$JqX3GXFiu9jfHIHiot0rqlJUbmTXbK0fgff0kIvaCW4=";
/// assert!(hasher.verify(b"correct horse battery staple", django, &mut work)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pbkdf2Sha256 {
    iterations: u32,
}

impl Pbkdf2Sha256 {
    /// The most iterations that settings or a stored hash may ask for.
    ///
    /// Each 32 bytes of a stored hash cost the iterations once more, and count once more.
    pub const MAX_ITERATIONS: u32 = 10_000_000;

    /// Hashers of this many iterations.
    ///
    /// # Errors
    ///
    /// [`HashError::Settings`] below 600000, which the OWASP Password Storage Cheat Sheet asks for,
    /// or above [`Pbkdf2Sha256::MAX_ITERATIONS`].
    pub fn new(iterations: u32) -> Result<Self, HashError> {
        if (LEAST_ITERATIONS..=Self::MAX_ITERATIONS).contains(&iterations) {
            Ok(Self { iterations })
        } else {
            Err(HashError::Settings { expected: "600000 to 10000000 iterations of PBKDF2" })
        }
    }

    /// Settings that protect nothing, for tests that hash a lot.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    #[must_use]
    pub const fn cheap_for_tests() -> Self {
        Self { iterations: 2 }
    }
}

impl Default for Pbkdf2Sha256 {
    fn default() -> Self {
        Self { iterations: LEAST_ITERATIONS }
    }
}

impl Hasher for Pbkdf2Sha256 {
    fn name(&self) -> &'static str {
        "pbkdf2-sha256"
    }

    fn recognises(&self, stored: &str) -> bool {
        stored.starts_with("$pbkdf2-sha256$") || stored.starts_with(DJANGO)
    }

    fn hash(
        &self,
        password: &[u8],
        salt: &Salt,
        _: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        whole(password)?;
        let output = compute(password, salt.as_bytes(), self.iterations, OUTPUT_BYTES);
        Ok(PasswordHash::from_stored(format!(
            "$pbkdf2-sha256$i={},l={OUTPUT_BYTES}${}${}",
            self.iterations,
            STANDARD_NO_PAD.encode(salt.as_bytes()),
            STANDARD_NO_PAD.encode(&*output),
        )))
    }

    fn verify(&self, password: &[u8], stored: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        let stored = Stored::read(stored)?;
        stored.within_bounds()?;
        whole(password)?;
        Ok(stored.salts().any(|salt| {
            let output = compute(password, salt, stored.iterations, stored.output.len());
            same(&output, &stored.output)
        }))
    }

    fn is_current(&self, stored: &str) -> bool {
        Stored::read(stored).is_ok_and(|stored| {
            stored.form == Form::Phc
                && stored.iterations == self.iterations
                && stored.salt.len() == SALT_BYTES
                && stored.output.len() == OUTPUT_BYTES
        })
    }
}

const DJANGO: &str = "pbkdf2_sha256$";

const LEAST_ITERATIONS: u32 = 600_000;
const SALT_BYTES: usize = 16;
const MOST_SALT_BYTES: usize = 128;
const OUTPUT_BYTES: usize = 32;
const STORED_OUTPUT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

const MALFORMED: HashError = HashError::Malformed {
    expected: "$pbkdf2-sha256$i=<iterations>,l=<length>$<salt>$<hash> in PHC string format or \
               pbkdf2_sha256$<iterations>$<salt>$<hash in base64>, with at least one iteration, \
               a salt and a hash of 16 to 64 bytes",
};

/// A stored hash that was read. Its iterations are not yet checked.
struct Stored {
    form: Form,
    iterations: u32,
    salt: Vec<u8>,
    /// What the salt is if it is not the text, but the base64 of bytes.
    decoded_salt: Option<Vec<u8>>,
    output: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Phc,
    Django,
}

impl Stored {
    fn read(stored: &str) -> Result<Self, HashError> {
        let read = match stored.strip_prefix(DJANGO) {
            Some(fields) => Self::django(fields),
            None => Self::phc(stored),
        };
        read.filter(|read| {
            read.iterations > 0
                && (1..=MOST_SALT_BYTES).contains(&read.salt.len())
                && STORED_OUTPUT_BYTES.contains(&read.output.len())
        })
        .ok_or(MALFORMED)
    }

    fn phc(stored: &str) -> Option<Self> {
        let parsed = phc::PasswordHash::new(stored).ok()?;
        if parsed.algorithm.as_str() != "pbkdf2-sha256" || parsed.version.is_some() {
            return None;
        }
        let [iterations, length] = parameters(&parsed.params, ["i", "l"])?;
        let output = parsed.hash?.as_bytes().to_vec();
        if length.is_some_and(|length| usize::try_from(length) != Ok(output.len())) {
            return None;
        }
        let (iterations, salt) = (iterations?, parsed.salt?.to_vec());
        Some(Self { form: Form::Phc, iterations, salt, decoded_salt: None, output })
    }

    /// Reads what follows the prefix.
    fn django(fields: &str) -> Option<Self> {
        let mut fields = fields.split('$');
        let (Some(iterations), Some(salt), Some(output), None) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            return None;
        };
        let iterations = phc::Value::new(iterations).and_then(|value| value.decimal()).ok()?;
        Some(Self {
            form: Form::Django,
            iterations,
            salt: salt.as_bytes().to_vec(),
            decoded_salt: STANDARD.decode(salt).ok(),
            output: STANDARD.decode(output).ok()?,
        })
    }

    fn within_bounds(&self) -> Result<(), HashError> {
        let blocks = u64::try_from(self.output.len().div_ceil(OUTPUT_BYTES)).unwrap_or(u64::MAX);
        let iterations = u64::from(self.iterations).saturating_mul(blocks);
        bounded("iterations", iterations, Pbkdf2Sha256::MAX_ITERATIONS)
    }

    fn salts(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.salt.as_slice()).chain(self.decoded_salt.as_deref())
    }
}

/// Refuses a password that HMAC would not tell from a shorter one.
fn whole(password: &[u8]) -> Result<(), HashError> {
    if password.last() == Some(&0) {
        return Err(HashError::PasswordUnsupported {
            expected: "no NUL character at the end, which HMAC does not tell from its padding",
        });
    }
    Ok(())
}

fn compute(password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Zeroizing<Vec<u8>> {
    let mut output = Zeroizing::new(vec![0; length]);
    pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut output);
    output
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Made by Python's `hashlib.pbkdf2_hmac("sha256", password, bytes(range(16)), iterations, l)`.
    const PHC: &str = "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw\
                       $+CxwjCKY4Tvu/wZRib8Drnzwvqpm0wLjzWp/8Enovc4";
    const PHC_WITHOUT_LENGTH: &str = "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw\
                                      $JeuGrMduQwGPGLmo+Qwv7UYtHHmeg9SK49fGkEamC2c";
    const PHC_64: &str = "$pbkdf2-sha256$i=1000,l=64$AAECAwQFBgcICQoLDA0ODw\
        $JeuGrMduQwGPGLmo+Qwv7UYtHHmeg9SK49fGkEamC2cr7SC5AiRjc5uhPTOyyTxwRmkuEI9CUPnoZqG7OUiuMw";
    const PHC_DEFAULT: &str = "$pbkdf2-sha256$i=600000,l=32$AAECAwQFBgcICQoLDA0ODw\
                               $7xdxRO7JQgy8EJPSqLNEqSvFBtDU7JwCjdGfgyTYweY";
    const PHC_LONG: &str = "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw\
                            $c2FClVTtFlnY2ej5T2X/FXmKPEc5tTDgDWilyVVA2rI";
    // Made by Django 5.2: `PBKDF2PasswordHasher().encode(password, salt, iterations)`.
    const DJANGO_5: &str =
        "pbkdf2_sha256$1000$somesaltsomesaltsomesa$IHKWChenAk2ea79Lf8qi7/HU0c1hAGBto2gynhJap/A=";
    const DJANGO_DEFAULT: &str =
        "pbkdf2_sha256$600000$seasalt$JqX3GXFiu9jfHIHiot0rqlJUbmTXbK0fgff0kIvaCW4=";
    const DJANGO_UNICODE_SALT: &str =
        "pbkdf2_sha256$1000$sälz$dft4f5cLpDwRKMcGqwL+zSn473ZJhw3NcfVlfwf7qi8=";
    const DJANGO_BASE64_LIKE_SALT: &str =
        "pbkdf2_sha256$1000$abcdEFGH1234$y9ElWGDTS/+1ySzlaU/y8vnk1MAqn6HcIAwSQbw4+vw=";
    // Made by tortoise-auth 0.6: `PBKDF2Hasher(1000).hash(password, salt=bytes(range(16)))`.
    const TORTOISE: &str = "pbkdf2_sha256$1000$AAECAwQFBgcICQoLDA0ODw==\
                            $+CxwjCKY4Tvu/wZRib8Drnzwvqpm0wLjzWp/8Enovc4=";

    fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
        Pbkdf2Sha256::default().verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    fn hash(hasher: Pbkdf2Sha256, password: &str) -> Result<PasswordHash, HashError> {
        let salt = Salt::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        hasher.hash(password.as_bytes(), &salt, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_python_django_and_tortoise_auth_verify() {
        for (password, stored) in [
            ("pässwörd ✓", PHC),
            ("password", PHC_WITHOUT_LENGTH),
            ("password", PHC_64),
            ("correct horse battery staple", PHC_DEFAULT),
            (&"x".repeat(100), PHC_LONG),
            ("pässwörd ✓", DJANGO_5),
            ("correct horse battery staple", DJANGO_DEFAULT),
            ("password", DJANGO_UNICODE_SALT),
            ("password", DJANGO_BASE64_LIKE_SALT),
            ("pässwörd ✓", TORTOISE),
        ] {
            assert_eq!(verify(password, stored), Ok(true), "{stored}");
            assert_eq!(verify("another", stored), Ok(false), "{stored}");
        }
        assert_eq!(verify(&"x".repeat(99), PHC_LONG), Ok(false), "all of the password counts");
    }

    #[test]
    fn the_same_hash_comes_out_as_python_makes_it() {
        let made = hash(Pbkdf2Sha256::default(), "correct horse battery staple").unwrap();
        assert_eq!(made.as_stored(), PHC_DEFAULT);
    }

    #[test]
    fn a_nul_counts_and_is_refused_where_it_would_not() {
        let stored = hash(Pbkdf2Sha256::cheap_for_tests(), "a\0b").unwrap();
        assert_eq!(verify("a\0b", stored.as_stored()), Ok(true));
        assert_eq!(verify("a", stored.as_stored()), Ok(false));

        let stored = hash(Pbkdf2Sha256::cheap_for_tests(), "a").unwrap();
        for padded in ["a\0", "a\0\0"] {
            let refused = verify(padded, stored.as_stored());
            assert!(matches!(refused, Err(HashError::PasswordUnsupported { .. })), "{refused:?}");
            assert!(hash(Pbkdf2Sha256::cheap_for_tests(), padded).is_err());
        }
    }

    #[test]
    fn settings_are_neither_too_weak_nor_too_costly() {
        for iterations in [600_000, 10_000_000] {
            assert!(Pbkdf2Sha256::new(iterations).is_ok(), "{iterations}");
        }
        for iterations in [0, 599_999, 10_000_001, u32::MAX] {
            let refused = Pbkdf2Sha256::new(iterations);
            assert!(matches!(refused, Err(HashError::Settings { .. })), "{iterations}");
        }
    }

    #[test]
    fn iterations_beyond_the_bound_are_refused_before_any_work() {
        for (stored, asked) in [
            (PHC.replace("i=1000", "i=2147483648"), 2_147_483_648),
            (PHC.replace("i=1000", "i=10000001"), 10_000_001),
            (PHC_64.replace("i=1000", "i=5000001"), 10_000_002),
            (DJANGO_5.replace("$1000$", "$4294967295$"), 4_294_967_295),
            (TORTOISE.replace("$1000$", "$10000001$"), 10_000_001),
        ] {
            let refused = HashError::TooCostly { what: "iterations", asked, most: 10_000_000 };
            assert_eq!(verify("password", &stored), Err(refused), "{stored}");
        }
    }

    #[test]
    fn malformed_hashes_are_refused() {
        let salt = "$AAECAwQFBgcICQoLDA0ODw$";
        for stored in [
            "".into(),
            "$pbkdf2-sha256$".into(),
            "pbkdf2_sha256$".into(),
            "pbkdf2_sha256$$$".into(),
            "pbkdf2_sha256$1000$salt$".into(),
            PHC.replace(salt, "$$"),
            PHC.replace(salt, "$é$"),
            PHC.replace(salt, "$"),
            PHC.replace("i=1000,", ""),
            PHC.replace("i=1000", "i=0"),
            PHC.replace("i=1000", "i=-1"),
            PHC.replace("i=1000", "i=+1000"),
            PHC.replace("i=1000", "i=1000,i=1000"),
            PHC.replace("i=1000", "i=1000,x=1"),
            PHC.replace("i=1000", "i=4294967296"),
            PHC.replace("l=32", "l=31"),
            PHC.replace("$i=", "$v=1$i="),
            PHC.replace("sha256", "sha512"),
            PHC.replace("$i=1000,l=32", "$1000"),
            PHC.replace("c4", "c="),
            PHC.replacen('$', "", 1),
            format!("{PHC}$"),
            DJANGO_5.replace("somesaltsomesaltsomesa", ""),
            DJANGO_5.replace("somesaltsomesaltsomesa$", ""),
            DJANGO_5.replace("somesalt", "some$salt"),
            DJANGO_5.replace("somesaltsomesaltsomesa", &"s".repeat(129)),
            DJANGO_5.replace("$1000$", "$$"),
            DJANGO_5.replace("$1000$", "$0$"),
            DJANGO_5.replace("$1000$", "$+1000$"),
            DJANGO_5.replace("$1000$", "$1000é$"),
            DJANGO_5.replace("$1000$", "$4294967296$"),
            DJANGO_5.replace("/A=", "/A"),
            DJANGO_5.replace("/A=", "/é="),
            DJANGO_5.replace("sha256", "sha1"),
            format!("pbkdf2_sha256$1000$salt${}", STANDARD.encode([7; 15])),
            format!("pbkdf2_sha256$1000$salt${}", STANDARD.encode([7; 65])),
        ] {
            assert_eq!(verify("password", &stored), Err(MALFORMED), "{stored}");
            assert!(!Pbkdf2Sha256::default().is_current(&stored), "{stored}");
        }
    }

    #[test]
    fn current_means_exactly_these_settings_in_the_form_that_is_written() {
        let hasher = Pbkdf2Sha256::default();
        assert!(hasher.is_current(PHC_DEFAULT));
        assert!(!hasher.is_current(&PHC_DEFAULT.replace("600000", "600001")));
        assert!(!hasher.is_current(DJANGO_DEFAULT));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_password_verifies_against_its_hash_and_no_other_does(
            password in r"(?s:.{0,40}[^\x00])?",
            other in r"(?s:.{0,40}[^\x00])?",
        ) {
            let stored = hash(Pbkdf2Sha256::cheap_for_tests(), &password).unwrap();
            prop_assert_eq!(verify(&password, stored.as_stored()), Ok(true));
            prop_assert_eq!(verify(&other, stored.as_stored()), Ok(other == password));
        }

        #[test]
        fn no_stored_string_panics(
            stored in r"(\$pbkdf2-sha256\$(i=[0-9]{1,3}(,l=[0-9]{2})?)?|pbkdf2_sha256\$[0-9]{0,3})\$\PC{0,90}"
        ) {
            let _ = verify("password", &stored);
        }
    }
}
