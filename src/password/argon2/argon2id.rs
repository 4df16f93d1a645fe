//! Argon2id, the preferred hasher.

use argon2::{Algorithm, Argon2, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{Cost, OUTPUT_BYTES, Stored, compute, phc_string};
use crate::password::{HashError, Hasher, PasswordHash, Salt, Verifier, WorkBuffer};

/// Argon2id with settings for new hashes.
///
/// The default is 64 MiB of memory, 3 passes and 4 lanes, with 16 bytes of salt and 32 of output:
/// the second recommended choice of RFC 9106 section 4, for where 2 GiB a login are too much.
/// Stored as `$argon2id$v=19$m=65536,t=3,p=4$<salt>$<hash>`, the PHC string format.
///
/// Any `argon2id` hash within the bounds below verifies, of version 19 and of the old 16 alike, and
/// so does one as Django stores it, with `argon2` before the PHC string.
///
/// ```
/// use testudo::password::{Argon2id, Hasher, Salt, Verifier, WorkBuffer};
///
/// # fn main() -> Result<(), testudo::password::HashError> {
/// let (hasher, mut work) = (Argon2id::default(), WorkBuffer::new());
/// let stored = hasher.hash(b"correct horse", &Salt::new([7; 16]), &mut work)?;
/// assert!(stored.as_stored().starts_with("$argon2id$v=19$m=65536,t=3,p=4$"));
/// assert!(hasher.verify(b"correct horse", stored.as_stored(), &mut work)?);
/// assert!(!hasher.verify(b"battery staple", stored.as_stored(), &mut work)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2id {
    cost: Cost,
}

impl Argon2id {
    /// The most memory that settings or a stored hash may ask for: 256 MiB, in KiB.
    pub const MAX_MEMORY_KIB: u32 = 256 * 1024;

    /// The most passes that settings or a stored hash may ask for.
    pub const MAX_PASSES: u32 = 16;

    /// The most lanes that settings or a stored hash may ask for.
    pub const MAX_LANES: u32 = 16;

    /// The most work that settings or a stored hash may ask for: memory in KiB times passes.
    ///
    /// It is about five times the work of the default settings: 256 MiB may be passed over four
    /// times, 64 MiB sixteen times.
    pub const MAX_WORK_KIB: u32 = 1024 * 1024;

    /// The least that settings may be, any one of them: memory in KiB, and passes over it.
    ///
    /// Each is as strong as the others: OWASP Password Storage Cheat Sheet.
    pub const FLOORS: [(u32, u32); 3] = [(47_104, 1), (19_456, 2), (12_288, 3)];

    /// Hashers of these settings: memory in KiB, passes over it, and lanes.
    ///
    /// # Errors
    ///
    /// [`HashError::Settings`] below all of [`Argon2id::FLOORS`], or above the bounds of this type.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, HashError> {
        let cost = Cost { memory_kib, passes, lanes };
        let strong = Self::FLOORS.iter().any(|floor| memory_kib >= floor.0 && passes >= floor.1);
        if strong && cost.params(OUTPUT_BYTES).is_ok() { Ok(Self { cost }) } else { Err(UNFIT) }
    }

    /// The memory that a new hash takes, in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u32 {
        self.cost.memory_kib
    }

    /// How often a new hash passes over its memory.
    #[must_use]
    pub const fn passes(&self) -> u32 {
        self.cost.passes
    }

    /// How many lanes the memory of a new hash has.
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        self.cost.lanes
    }

    /// Settings that protect nothing, for tests that hash a lot.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    #[must_use]
    pub const fn cheap_for_tests() -> Self {
        Self { cost: Cost { memory_kib: 32, passes: 1, lanes: 1 } }
    }
}

impl Default for Argon2id {
    fn default() -> Self {
        Self { cost: Cost { memory_kib: 64 * 1024, passes: 3, lanes: 4 } }
    }
}

impl Verifier for Argon2id {
    fn name(&self) -> &'static str {
        "argon2id"
    }

    fn recognises(&self, stored: &str) -> bool {
        phc_string(stored).starts_with("$argon2id$")
    }

    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<bool, HashError> {
        super::verify(Algorithm::Argon2id, password, stored, work)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        super::costs(Algorithm::Argon2id, stored)
    }
}

impl Hasher for Argon2id {
    fn hash(
        &self,
        password: &[u8],
        salt: &Salt,
        work: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        let params = self.cost.params(OUTPUT_BYTES)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let output = compute(&argon2, password, salt.as_bytes(), work)?;
        Ok(PasswordHash::from_stored(format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            self.cost.memory_kib,
            self.cost.passes,
            self.cost.lanes,
            STANDARD_NO_PAD.encode(salt.as_bytes()),
            STANDARD_NO_PAD.encode(&*output),
        )))
    }

    fn is_current(&self, stored: &str) -> bool {
        Stored::read(Algorithm::Argon2id, stored).is_ok_and(|stored| {
            stored.cost == self.cost
                && stored.version == Version::V0x13
                && stored.salt.len() == SALT_BYTES
                && stored.output.len() == OUTPUT_BYTES
        })
    }
}

const SALT_BYTES: usize = 16;

const UNFIT: HashError = HashError::Settings {
    expected: "at least 47104 KiB with 1 pass, 19456 KiB with 2 or 12288 KiB with 3, \
               and at most 262144 KiB, 16 passes, 16 lanes and 1048576 KiB times passes",
};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::MALFORMED;
    use super::*;

    // Made by argon2-cffi 25.1: `hash_secret(password, bytes(range(16)), t, m, p, 32, Type.ID)`.
    const DEFAULT: &str = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw\
                           $hTsnKkTbFCHAKWJmmlXrCZTzyrOF7RxMeSU+7hm6tJ4";
    const LEAST: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw\
                         $n4QgzSKNQGHBlwvxR1vhJpw0Luh8+MmsOGqlQsO8k4U";
    const VERSION_16: &str = "$argon2id$v=16$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                              $ttZCckI1LYoAXLPbxAZHkWrEgcnQG+at4nFibTT7qFQ";
    const SHORT_SALT_LONG_HASH: &str = "$argon2id$v=19$m=64,t=1,p=2$AAECAwQFBgc\
        $ojuEZlYPz+KBmJocELRpOV0IfS8shjZ+1FiXPLVFfhuRPg3q2Kxk2Xdwt09uEGUYlxUWJXdTOF+Qu5kHaONscg";
    const LONG_SALT_SHORT_HASH: &str = "$argon2id$v=19$m=64,t=1,p=2\
        $AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v$wEB/Yl2lpgx1827GBf+Z7Q";
    const EMPTY: &str = "$argon2id$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                         $L2YDcuF5E62TO2oRzXbpgOtRQU6DZAVz+marhGifmRs";
    const NUL: &str = "$argon2id$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                       $tdq5fy98w+3GZXG7DxPzgYrKCwhgD40Y9P5y8a0EVZ4";
    const ARGON2I: &str = "$argon2i$v=19$m=32,t=1,p=1$AAECAwQFBgcICQoLDA0ODw\
                           $2Qc3FBflQcP6x+b51JK8cwNO1RmzBTefe9X11UVpk+8";
    const SALT: Salt = Salt::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
        Argon2id::default().verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_argon2_cffi_verify() {
        for (password, stored) in [
            ("correct horse battery staple", DEFAULT),
            ("pässwörd ✓", LEAST),
            ("password", VERSION_16),
            ("password", SHORT_SALT_LONG_HASH),
            ("password", LONG_SALT_SHORT_HASH),
            ("", EMPTY),
            ("nul\0in the middle", NUL),
        ] {
            assert_eq!(verify(password, stored), Ok(true), "{stored}");
            assert_eq!(verify("another", stored), Ok(false), "{stored}");
        }
        assert_eq!(verify("nul", NUL), Ok(false), "all of the password counts");
    }

    #[test]
    fn the_same_hashes_come_out_as_argon2_cffi_makes_them() {
        let hash = |hasher: Argon2id, password: &str| {
            hasher.hash(password.as_bytes(), &SALT, &mut WorkBuffer::new()).unwrap()
        };
        let by_default = hash(Argon2id::default(), "correct horse battery staple");
        assert_eq!(by_default.as_stored(), DEFAULT);
        let least = hash(Argon2id::new(19_456, 2, 1).unwrap(), "pässwörd ✓");
        assert_eq!(least.as_stored(), LEAST);
    }

    #[test]
    fn a_hash_without_a_version_is_of_version_16() {
        assert_eq!(verify("password", &VERSION_16.replace("$v=16", "")), Ok(true));
        assert_eq!(verify("password", &VERSION_16.replace("$v=16", "$v=19")), Ok(false));
    }

    #[test]
    fn current_means_exactly_these_settings() {
        let hasher = Argon2id::default();
        assert!(hasher.is_current(DEFAULT));
        assert!(!hasher.is_current(&DEFAULT.replace("v=19", "v=16")));
        for other in ["m=65536,t=3,p=1", "m=65536,t=4,p=4", "m=65532,t=3,p=4"] {
            assert!(!hasher.is_current(&DEFAULT.replace("m=65536,t=3,p=4", other)), "{other}");
        }
        for other in [LEAST, SHORT_SALT_LONG_HASH, ARGON2I, "", "$argon2id$"] {
            assert!(!hasher.is_current(other), "{other}");
        }
    }

    #[test]
    fn settings_are_neither_too_weak_nor_too_costly() {
        for (memory, passes, lanes) in
            [(47_104, 1, 1), (19_456, 2, 1), (12_288, 3, 4), (262_144, 4, 16), (65_536, 16, 1)]
        {
            let made = Argon2id::new(memory, passes, lanes).unwrap();
            let settings = (made.memory_kib(), made.passes(), made.lanes());
            assert_eq!(settings, (memory, passes, lanes));
        }
        for (memory, passes, lanes) in [
            (47_103, 1, 1),
            (19_455, 2, 1),
            (12_287, 3, 1),
            (12_287, 16, 1),
            (65_536, 0, 1),
            (65_536, 3, 0),
            (262_145, 1, 1),
            (262_144, 5, 1),
            (19_456, 17, 1),
            (65_536, 3, 17),
            (u32::MAX, u32::MAX, u32::MAX),
        ] {
            let refused = Argon2id::new(memory, passes, lanes);
            assert_eq!(refused, Err(UNFIT), "{memory} {passes} {lanes}");
        }
    }

    #[test]
    fn costs_beyond_the_bounds_are_refused_before_any_memory_is_taken() {
        let mut work = WorkBuffer::new();
        for (asked, what) in [
            ("m=4294967295,t=1,p=1", "memory (KiB)"),
            ("m=262145,t=1,p=1", "memory (KiB)"),
            ("m=64,t=4294967295,p=1", "passes"),
            ("m=64,t=17,p=1", "passes"),
            ("m=64,t=1,p=16777216", "lanes"),
            ("m=256,t=1,p=17", "lanes"),
            ("m=262144,t=5,p=1", "memory times passes (KiB)"),
        ] {
            let stored = DEFAULT.replace("m=65536,t=3,p=4", asked);
            let refused = Argon2id::default().verify(b"password", &stored, &mut work);
            assert!(
                matches!(refused, Err(HashError::TooCostly { what: beyond, .. }) if beyond == what),
                "{asked}: {refused:?}"
            );
        }
        assert_eq!(format!("{work:?}"), "WorkBuffer(0 KiB)");
    }

    #[test]
    fn malformed_hashes_are_refused_before_any_memory_is_taken() {
        let salt = "$AAECAwQFBgcICQoLDA0ODw";
        let output = "$L2YDcuF5E62TO2oRzXbpgOtRQU6DZAVz+marhGifmRs";
        let mut work = WorkBuffer::new();
        for stored in [
            "".into(),
            "$".into(),
            "argon2id".into(),
            "$argon2id$".into(),
            ARGON2I.into(),
            EMPTY.replace("argon2id", "argon2d"),
            EMPTY.replacen('$', "", 1),
            EMPTY.replace(output, ""),
            EMPTY.replace(output, "$"),
            EMPTY.replace(output, "$L2YDcuF5E62TO2oRzXbpgOtRQU6DZAVz+marhGifmR!"),
            EMPTY.replace(output, "$L2YDcuF5E62TO2oRzXbpgOtRQU6DZAVz+marhGifmRs="),
            EMPTY.replace(output, "$AAECAwQFBgcICQoLDA0O"),
            EMPTY.replace(output, &format!("${}", "A".repeat(87))),
            EMPTY.replace(salt, "$"),
            EMPTY.replace(salt, "$AAECAwQFBg"),
            EMPTY.replace(salt, "$AAECAwQFBgcICQoLDA0ODé"),
            EMPTY.replace(salt, &format!("${}", "A".repeat(68))),
            EMPTY.replace("v=19", "v=18"),
            EMPTY.replace("v=19", "v=é"),
            EMPTY.replace("m=32,t=1,p=1", "m=32,t=1"),
            EMPTY.replace("m=32,t=1,p=1", "m=32,t=1,p=1,p=1"),
            EMPTY.replace("m=32,t=1,p=1", "m=32,t=1,p=1,keyid=AAAA"),
            EMPTY.replace("m=32,t=1,p=1", "m=32,t=0,p=1"),
            EMPTY.replace("m=32,t=1,p=1", "m=32,t=1,p=0"),
            EMPTY.replace("m=32,t=1,p=1", "m=7,t=1,p=1"),
            EMPTY.replace("m=32,t=1,p=1", "m=15,t=1,p=2"),
            EMPTY.replace("m=32,t=1,p=1", "m=-32,t=1,p=1"),
            EMPTY.replace("m=32,t=1,p=1", "m=4294967296,t=1,p=1"),
            EMPTY.replace("m=32", "é=32"),
            format!("{EMPTY}$"),
            format!(" {EMPTY}"),
            format!("{EMPTY}\n"),
        ] {
            let refused = Argon2id::default().verify(b"", &stored, &mut work);
            assert_eq!(refused, Err(MALFORMED), "{stored}");
            let unread = Argon2id::default().parameters(&stored);
            assert_eq!(unread, Err(MALFORMED), "{stored}");
        }
        assert_eq!(format!("{work:?}"), "WorkBuffer(0 KiB)");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_password_verifies_against_its_hash_and_no_other_does(
            password: String,
            other: String,
            salt: [u8; 16],
        ) {
            let (hasher, mut work) = (Argon2id::cheap_for_tests(), WorkBuffer::new());
            let stored = hasher.hash(password.as_bytes(), &Salt::new(salt), &mut work).unwrap();
            let mut verifies =
                |typed: &str| hasher.verify(typed.as_bytes(), stored.as_stored(), &mut work);
            prop_assert_eq!(verifies(&password), Ok(true));
            prop_assert_eq!(verifies(&other), Ok(other == password));
            prop_assert!(hasher.is_current(stored.as_stored()));
        }

        #[test]
        fn no_stored_string_panics(
            stored in r"(\$argon2id)?(\$v=1[69])?(\$m=[0-9]{1,2},t=[01],p=[0-9])?\$\PC{0,90}"
        ) {
            let _ = verify("password", &stored);
        }
    }
}
