//! PBKDF2 with the hash functions that are there to be read.

use super::{SHA1, SHA512};
use crate::password::{HashError, Verifier, WorkBuffer};

/// PBKDF2 with HMAC-SHA-1, for hashes that an application brings along.
///
/// Read are `pbkdf2_sha1$…` as Django stores it, `pbkdf2:sha1:…` as Werkzeug does and `$pbkdf2$…` as
/// passlib does. A password that ends in a NUL is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pbkdf2Sha1;

impl Pbkdf2Sha1 {
    /// The most iterations that a stored hash may ask for.
    ///
    /// Each 20 bytes of a stored hash cost the iterations once more, and count once more.
    pub const MAX_ITERATIONS: u32 = 10_000_000;
}

/// PBKDF2 with HMAC-SHA-512, for hashes that an application brings along.
///
/// Read are `$pbkdf2-sha512$…` as passlib stores it and of the PHC string format, `pbkdf2:sha512:…`
/// as Werkzeug does and `pbkdf2_sha512$…` as a hasher derived from Django's does. A password that ends
/// in a NUL is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pbkdf2Sha512;

impl Pbkdf2Sha512 {
    /// The most iterations that a stored hash may ask for.
    ///
    /// It is half of what [`Pbkdf2Sha256`](crate::password::Pbkdf2Sha256) allows: processors that
    /// speed SHA-256 up leave SHA-512 as it is.
    pub const MAX_ITERATIONS: u32 = 5_000_000;
}

impl Verifier for Pbkdf2Sha1 {
    fn name(&self) -> &'static str {
        "pbkdf2-sha1"
    }

    fn recognises(&self, stored: &str) -> bool {
        SHA1.recognises(stored)
    }

    fn verify(&self, password: &[u8], stored: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        SHA1.verify(password, stored)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        SHA1.parameters(stored)
    }
}

impl Verifier for Pbkdf2Sha512 {
    fn name(&self) -> &'static str {
        "pbkdf2-sha512"
    }

    fn recognises(&self, stored: &str) -> bool {
        SHA512.recognises(stored)
    }

    fn verify(&self, password: &[u8], stored: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        SHA512.verify(password, stored)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        SHA512.parameters(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::super::MALFORMED;
    use super::*;

    // Made by Django 5.2, Werkzeug 3.1 and passlib 1.7.4.
    const SHA1_DJANGO: &str = "pbkdf2_sha1$1000$seasalt$WP3syxRshqkVNK/rj3oSUqUFR8k=";
    const SHA1_WERKZEUG: &str =
        "pbkdf2:sha1:1000$somesaltsomesalt$152becf78b632f58295c8a62e646e5a8489ef0f5";
    const SHA1_PASSLIB: &str = "$pbkdf2$1000$AAECAwQFBgcICQoLDA0ODw$og/bNlcfFnOMmonmGLb31V5JD5s";
    const SHA512_WERKZEUG: &str = "pbkdf2:sha512:1000$somesaltsomesalt$b123f206d3dbaa09d9ead49722134f\
        758cc8988ae862c383852d371006f486834e4b21c167c9b6ac4e179d04d21e4c439be675ceddb183bc9b2ccd9140b98952";
    const SHA512_PASSLIB: &str = "$pbkdf2-sha512$1000$AAECAwQFBgcICQoLDA0ODw\
        $8wdAPRY0tqYtf2WLR1IVnRsQhxevulMX/QqzzmM.bayJWVUaQdMSA1VfHZ2BDFuJ7AcPXmBluyWScJALuOYNuQ";

    fn verify(verifier: &dyn Verifier, password: &str, stored: &str) -> Result<bool, HashError> {
        assert!(verifier.recognises(stored), "{stored}");
        verifier.verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_django_werkzeug_and_passlib_verify() {
        let sha512_phc = SHA512_PASSLIB.replace("$1000$", "$i=1000,l=64$").replace('.', "+");
        for (verifier, stored) in [
            (&Pbkdf2Sha1 as &dyn Verifier, SHA1_DJANGO),
            (&Pbkdf2Sha1, SHA1_WERKZEUG),
            (&Pbkdf2Sha1, SHA1_PASSLIB),
            (&Pbkdf2Sha512, SHA512_WERKZEUG),
            (&Pbkdf2Sha512, SHA512_PASSLIB),
            (&Pbkdf2Sha512, &sha512_phc),
        ] {
            assert_eq!(verify(verifier, "pässwörd ✓", stored), Ok(true), "{stored}");
            assert_eq!(verify(verifier, "another", stored), Ok(false), "{stored}");
        }
    }

    #[test]
    fn iterations_beyond_the_bound_are_refused_before_any_work() {
        let twice_a_block = format!("pbkdf2_sha1$5000001$seasalt${}=", "A".repeat(43));
        for (verifier, stored, asked, most) in [
            (
                &Pbkdf2Sha1 as &dyn Verifier,
                SHA1_DJANGO.replace("$1000$", "$4294967295$"),
                4_294_967_295,
                10_000_000,
            ),
            (&Pbkdf2Sha1, twice_a_block, 10_000_002, 10_000_000),
            (
                &Pbkdf2Sha512,
                SHA512_PASSLIB.replace("$1000$", "$2147483648$"),
                2_147_483_648,
                5_000_000,
            ),
            (&Pbkdf2Sha512, SHA512_WERKZEUG.replace(":1000$", ":5000001$"), 5_000_001, 5_000_000),
        ] {
            let refused = HashError::TooCostly { what: "iterations", asked, most };
            assert_eq!(verify(verifier, "password", &stored), Err(refused), "{stored}");
        }
    }

    #[test]
    fn a_nul_at_the_end_is_refused() {
        for (verifier, stored) in
            [(&Pbkdf2Sha1 as &dyn Verifier, SHA1_DJANGO), (&Pbkdf2Sha512, SHA512_PASSLIB)]
        {
            let refused = verify(verifier, "password\0", stored);
            assert!(matches!(refused, Err(HashError::PasswordUnsupported { .. })), "{refused:?}");
        }
    }

    #[test]
    fn the_hash_functions_are_not_mistaken_for_one_another() {
        for stored in [SHA1_DJANGO, SHA1_WERKZEUG, SHA1_PASSLIB] {
            assert!(!Pbkdf2Sha512.recognises(stored), "{stored}");
            let refused = Pbkdf2Sha512.verify(b"", stored, &mut WorkBuffer::new());
            assert_eq!(refused, Err(MALFORMED), "{stored}");
        }
        for stored in [SHA512_WERKZEUG, SHA512_PASSLIB] {
            assert!(!Pbkdf2Sha1.recognises(stored), "{stored}");
            let refused = Pbkdf2Sha1.verify(b"", stored, &mut WorkBuffer::new());
            assert_eq!(refused, Err(MALFORMED), "{stored}");
        }
    }
}
