//! The two variants of Argon2 that are there to be read.

use argon2::Algorithm;

use super::phc_string;
use crate::password::{HashError, Verifier, WorkBuffer};

/// Argon2i, for hashes that an application brings along.
///
/// It was the usual choice before Argon2id. Hashes in PHC string format verify, and those of Django,
/// within the bounds of [`Argon2id`](super::Argon2id).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Argon2i;

/// Argon2d, for hashes that an application brings along.
///
/// It is not meant for passwords, as its memory accesses depend on them; some systems used it all the
/// same. Hashes in PHC string format verify, within the bounds of [`Argon2id`](super::Argon2id).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Argon2d;

impl Verifier for Argon2i {
    fn name(&self) -> &'static str {
        "argon2i"
    }

    fn recognises(&self, stored: &str) -> bool {
        phc_string(stored).starts_with("$argon2i$")
    }

    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<bool, HashError> {
        super::verify(Algorithm::Argon2i, password, stored, work)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        super::costs(Algorithm::Argon2i, stored)
    }
}

impl Verifier for Argon2d {
    fn name(&self) -> &'static str {
        "argon2d"
    }

    fn recognises(&self, stored: &str) -> bool {
        phc_string(stored).starts_with("$argon2d$")
    }

    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<bool, HashError> {
        super::verify(Algorithm::Argon2d, password, stored, work)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        super::costs(Algorithm::Argon2d, stored)
    }
}

#[cfg(test)]
mod tests {
    use super::super::MALFORMED;
    use super::*;
    use crate::password::Argon2id;

    // Made by argon2-cffi 25.1, and by Django 5.2 on top of it.
    const ARGON2I: &str = "$argon2i$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                           $ciZsfpZD1gO84Ww4v9QRJ91kr5FpOaJYZpTh1DbCTRg";
    const ARGON2I_16: &str = "$argon2i$v=16$m=64,t=2,p=2$AAECAwQFBgcICQoLDA0ODw\
                              $V+ofOeuC/RO/YPS0Ha++5Oj7sTs+29zyR7OgR38b02U";
    const ARGON2D: &str = "$argon2d$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                           $hPmdN4dKtnUwC4sGXuaiCPCpRgCv3QeHbKptWUUf5iA";
    const ARGON2D_16: &str = "$argon2d$v=16$m=64,t=2,p=2$AAECAwQFBgcICQoLDA0ODw\
                              $cdKvZPrCMDpCkrk+8AkTyQaxRUavUgrLWPWprYRR4rA";
    const DJANGO: &str = "argon2$argon2id$v=19$m=64,t=1,p=2$c29tZXNhbHRzb21lc2FsdHNvbWVzYQ\
                          $cjdY1Pg2gqsrWvWNzNrgUefW2CZHokcBUXc5bwjEdAg";

    fn verify(verifier: &dyn Verifier, password: &str, stored: &str) -> Result<bool, HashError> {
        verifier.verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_argon2_cffi_and_django_verify() {
        let argon2id = Argon2id::default();
        for (verifier, password, stored) in [
            (&Argon2i as &dyn Verifier, "pässwörd ✓", ARGON2I),
            (&Argon2i, "password", ARGON2I_16),
            (&Argon2i, "password", &ARGON2I_16.replace("$v=16", "")),
            (&Argon2i, "pässwörd ✓", &format!("argon2{ARGON2I}")),
            (&Argon2d, "pässwörd ✓", ARGON2D),
            (&Argon2d, "password", ARGON2D_16),
            (&argon2id, "pässwörd ✓", DJANGO),
        ] {
            assert!(verifier.recognises(stored), "{stored}");
            assert_eq!(verify(verifier, password, stored), Ok(true), "{stored}");
            assert_eq!(verify(verifier, "another", stored), Ok(false), "{stored}");
        }
    }

    #[test]
    fn the_variants_are_not_mistaken_for_one_another() {
        for (verifier, others) in [
            (&Argon2i as &dyn Verifier, [ARGON2D, DJANGO]),
            (&Argon2d, [ARGON2I, DJANGO]),
            (&Argon2id::default(), [ARGON2I, ARGON2D]),
        ] {
            for other in others {
                assert!(!verifier.recognises(other), "{other}");
                assert_eq!(verify(verifier, "pässwörd ✓", other), Err(MALFORMED), "{other}");
            }
        }
        let relabelled = ARGON2I.replace("argon2i", "argon2d");
        assert_eq!(verify(&Argon2d, "pässwörd ✓", &relabelled), Ok(false));
    }

    #[test]
    fn costs_beyond_the_bounds_are_refused_before_any_memory_is_taken() {
        let mut work = WorkBuffer::new();
        for stored in [ARGON2I.replace("m=32", "m=4294967295"), ARGON2I.replace("t=1", "t=17")] {
            let refused = Argon2i.verify(b"password", &stored, &mut work);
            assert!(matches!(refused, Err(HashError::TooCostly { .. })), "{stored}: {refused:?}");
            let stored = stored.replace("argon2i", "argon2d");
            let refused = Argon2d.verify(b"password", &stored, &mut work);
            assert!(matches!(refused, Err(HashError::TooCostly { .. })), "{stored}: {refused:?}");
        }
        assert_eq!(format!("{work:?}"), "WorkBuffer(0 KiB)");
    }

    #[test]
    fn the_form_of_django_is_never_current() {
        use crate::password::{Hasher, Salt};

        let (hasher, mut work) = (Argon2id::cheap_for_tests(), WorkBuffer::new());
        let made = hasher.hash(b"password", &Salt::new([7; 16]), &mut work).unwrap();
        assert!(hasher.is_current(made.as_stored()));
        let django = format!("argon2{}", made.as_stored());
        assert_eq!(verify(&hasher, "password", &django), Ok(true));
        assert!(!hasher.is_current(&django));
    }
}
