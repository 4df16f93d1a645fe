//! PBKDF2 with HMAC-SHA-256, the one that new hashes can be made with.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::stored::{Form, Stored};
use super::{SHA256, whole_as_hmac_key};
use crate::password::{HashError, Hasher, PasswordHash, Salt, Verifier, WorkBuffer};

/// PBKDF2 with HMAC-SHA-256.
///
/// For deployments that must use what NIST has approved, and for moving away from it: it needs no
/// memory, so an attacker's hardware gains far more than with [`Argon2id`](crate::password::Argon2id).
///
/// New hashes are `$pbkdf2-sha256$i=600000,l=32$<salt>$<hash>`, the PHC string format. It reads these
/// (also without `l`), `$pbkdf2-sha256$<iterations>$<salt>$<hash>` of passlib,
/// `pbkdf2:sha256:<iterations>$<salt>$<hash>` of Werkzeug, and
/// `pbkdf2_sha256$<iterations>$<salt>$<hash>` as Django and tortoise-auth store it. Django's salt is
/// the text as it stands, tortoise-auth's is the base64 of bytes, and the string does not say which:
/// both readings are tried, the text first. A wrong password on a hash of this form whose salt happens
/// to be base64 thus costs twice its iterations.
///
/// # Security
///
/// HMAC fills up short keys with NUL characters, so that `a` and `a` followed by a NUL are the same
/// key. A password that ends in a NUL is therefore refused.
///
/// ```
/// use testudo::password::{HashError, Pbkdf2Sha256, Verifier, WorkBuffer};
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

impl Verifier for Pbkdf2Sha256 {
    fn name(&self) -> &'static str {
        "pbkdf2-sha256"
    }

    fn recognises(&self, stored: &str) -> bool {
        SHA256.recognises(stored)
    }

    fn verify(&self, password: &[u8], stored: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        SHA256.verify(password, stored)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        SHA256.parameters(stored)
    }
}

impl Hasher for Pbkdf2Sha256 {
    fn hash(
        &self,
        password: &[u8],
        salt: &Salt,
        _: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        whole_as_hmac_key(password)?;
        let output = SHA256.derive(password, salt.as_bytes(), self.iterations, OUTPUT_BYTES);
        Ok(PasswordHash::from_stored(format!(
            "$pbkdf2-sha256$i={},l={OUTPUT_BYTES}${}${}",
            self.iterations,
            STANDARD_NO_PAD.encode(salt.as_bytes()),
            STANDARD_NO_PAD.encode(&*output),
        )))
    }

    fn is_current(&self, stored: &str) -> bool {
        Stored::read(&SHA256, stored).is_ok_and(|stored| {
            stored.form == Form::Phc
                && stored.iterations == self.iterations
                && stored.salt.len() == SALT_BYTES
                && stored.output.len() == OUTPUT_BYTES
        })
    }
}

const LEAST_ITERATIONS: u32 = 600_000;
const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use super::super::MALFORMED;
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

    // Made by passlib 1.7.4 and Werkzeug 3.1.
    const PASSLIB: &str = "$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw\
                           $.CxwjCKY4Tvu/wZRib8Drnzwvqpm0wLjzWp/8Enovc4";
    const PASSLIB_DOTS: &str = "$pbkdf2-sha256$1000$....................\
                                $0P2/qx11l9ya1CpR8yGwgYZkQKwOmfDSlSal2gHNovU";
    const WERKZEUG: &str = "pbkdf2:sha256:1000$somesaltsomesalt\
                            $f4e8cda3a3bd5eb27744623ef1fd25771f698ac63263e7c05b7407bcf323a9ba";

    fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
        Pbkdf2Sha256::default().verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    fn hash(hasher: Pbkdf2Sha256, password: &str) -> Result<PasswordHash, HashError> {
        let salt = Salt::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        hasher.hash(password.as_bytes(), &salt, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_other_systems_verify() {
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
            ("pässwörd ✓", PASSLIB),
            ("pässwörd ✓", PASSLIB_DOTS),
            ("pässwörd ✓", WERKZEUG),
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
            (PASSLIB.replace("$1000$", "$4294967295$"), 4_294_967_295),
            (WERKZEUG.replace(":1000$", ":4294967295$"), 4_294_967_295),
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
            PASSLIB.replace("$1000", ""),
            PASSLIB.replace("$1000$", "$01000$"),
            PASSLIB.replace("$1000$", "$0$"),
            PASSLIB.replace("$1000$", "$1000$$"),
            PASSLIB.replace(salt, "$$"),
            PASSLIB.replace(salt, "$A$"),
            PASSLIB.replace(salt, "$é$"),
            PASSLIB.replace("c4", "c4="),
            PASSLIB.replace("c4", "c-"),
            WERKZEUG.replace(":1000$", "$"),
            WERKZEUG.replace(":1000$", ":0$"),
            WERKZEUG.replace(":1000$", ":1000:1$"),
            WERKZEUG.replace("somesaltsomesalt", ""),
            WERKZEUG.replace("somesaltsomesalt", "some$salt"),
            WERKZEUG.replace("a9ba", "a9b"),
            WERKZEUG.replace("a9ba", "a9bg"),
            WERKZEUG.replace("a9ba", "a9é"),
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
