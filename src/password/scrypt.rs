//! scrypt (RFC 7914), for hashes that an application brings along.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scrypt::Params;
use zeroize::Zeroizing;

use super::hasher::{bounded, same, whole_as_hmac_key};
use super::stored::{decimal, fields, hexadecimal, parameters};
use super::{HashError, Verifier, WorkBuffer};

/// scrypt, with cost *N*, block size *r* and parallelism *p*.
///
/// Read are
///
/// - `scrypt$<N>$<salt>$<r>$<p>$<base64>`, Django's, whose salt is the text as it stands;
/// - `scrypt:<N>:<r>:<p>$<salt>$<hexadecimal>`, Werkzeug's, likewise;
/// - `$scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<hash>`, passlib's and the PHC string format.
///
/// # Security
///
/// scrypt takes 128·*N*·*r* bytes of memory of its own, on top of the [`WorkBuffer`] and unlike it
/// given back after each hash, without being wiped: both bounds together are what one hash may cost
/// a server.
///
/// Its password is the key of an HMAC, which does not tell a NUL at the end from its padding: a
/// password that ends in one is refused.
///
/// ```
/// use testudo::password::{HashError, Scrypt, Verifier, WorkBuffer};
///
/// # fn main() -> Result<(), HashError> {
/// let stored = "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw\
///               $TW18yf/IsjVdAZlRjYZe+e3qNB4PidwlQmzxGe0tHh8";
/// assert!(Scrypt.verify("pässwörd ✓".as_bytes(), stored, &mut WorkBuffer::new())?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrypt;

impl Scrypt {
    /// The most memory that a stored hash may ask for: 256 MiB, in KiB.
    ///
    /// It is *N*·*r*/8; the largest setting of the OWASP Password Storage Cheat Sheet takes half.
    pub const MAX_MEMORY_KIB: u32 = 256 * 1024;

    /// The most work that a stored hash may ask for: memory in KiB times *p*.
    pub const MAX_WORK_KIB: u32 = 1024 * 1024;
}

impl Verifier for Scrypt {
    fn name(&self) -> &'static str {
        "scrypt"
    }

    fn recognises(&self, stored: &str) -> bool {
        [DJANGO, WERKZEUG, PHC].iter().any(|prefix| stored.starts_with(prefix))
    }

    fn verify(&self, password: &[u8], stored: &str, _: &mut WorkBuffer) -> Result<bool, HashError> {
        let stored = Stored::read(stored)?;
        let memory_kib = stored.cost.within_bounds()?;
        whole_as_hmac_key(password)?;
        let params = stored.cost.params()?;
        obtainable(memory_kib)?;
        let mut output = Zeroizing::new(vec![0; stored.output.len()]);
        scrypt::scrypt(password, &stored.salt, &params, &mut output).map_err(|_| MALFORMED)?;
        Ok(same(&output, &stored.output))
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        let Stored { cost, .. } = Stored::read(stored)?;
        cost.within_bounds()?;
        cost.params()?;
        Ok(vec![("n", 1 << cost.log2_n), ("r", cost.r.into()), ("p", cost.p.into())])
    }
}

const DJANGO: &str = "scrypt$";
const WERKZEUG: &str = "scrypt:";
const PHC: &str = "$scrypt$";

const SALT_BYTES: std::ops::RangeInclusive<usize> = 1..=128;
const OUTPUT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

const MALFORMED: HashError = HashError::Malformed {
    expected: "scrypt$<N>$<salt>$<r>$<p>$<hash in base64>, \
               or scrypt:<N>:<r>:<p>$<salt>$<hash in hexadecimal>, \
               or $scrypt$ln=<log2 N>,r=<r>,p=<p>$<salt>$<hash> in PHC string format, with N a \
               power of two from 2, r and p from 1, a salt of 1 to 128 bytes and a hash of 16 to 64",
};

/// Finds out whether there is memory: the crate ends the process where there is none.
fn obtainable(memory_kib: u64) -> Result<(), HashError> {
    let kib = usize::try_from(memory_kib).unwrap_or(usize::MAX);
    Vec::<u8>::new()
        .try_reserve_exact(kib.saturating_mul(1024))
        .map_err(|_| HashError::OutOfMemory { kib })
}

/// What a hash costs.
#[derive(Clone, Copy)]
struct Cost {
    log2_n: u32,
    r: u32,
    p: u32,
}

impl Cost {
    /// A cost whose *N* is written out.
    fn of(n: &str, r: &str, p: &str) -> Option<Self> {
        let n = decimal(n).filter(|n| n.is_power_of_two())?;
        Some(Self { log2_n: n.trailing_zeros(), r: decimal(r)?, p: decimal(p)? })
    }

    /// The memory in KiB, rounded up, if it and the work are within the bounds.
    fn within_bounds(self) -> Result<u64, HashError> {
        let n = 1_u64.checked_shl(self.log2_n).unwrap_or(u64::MAX);
        let memory_kib = n.saturating_mul(u64::from(self.r)).div_ceil(8);
        bounded("memory (KiB)", memory_kib, Scrypt::MAX_MEMORY_KIB)?;
        let work_kib = memory_kib.saturating_mul(u64::from(self.p));
        bounded("memory times parallelism (KiB)", work_kib, Scrypt::MAX_WORK_KIB)?;
        Ok(memory_kib)
    }

    /// This cost as the algorithm takes it. Its own checks overflow unless it is within the bounds.
    fn params(self) -> Result<Params, HashError> {
        let log2_n = u8::try_from(self.log2_n).map_err(|_| MALFORMED)?;
        Params::new(log2_n, self.r, self.p).map_err(|_| MALFORMED)
    }
}

/// A stored hash that was read. Its cost is not yet checked.
struct Stored {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    fn read(stored: &str) -> Result<Self, HashError> {
        let read = if let Some(rest) = stored.strip_prefix(DJANGO) {
            Self::django(rest)
        } else if let Some(rest) = stored.strip_prefix(WERKZEUG) {
            Self::werkzeug(rest)
        } else {
            Self::phc(stored)
        };
        read.filter(|read| {
            let Cost { log2_n, r, p } = read.cost;
            log2_n > 0
                && r > 0
                && p > 0
                && SALT_BYTES.contains(&read.salt.len())
                && OUTPUT_BYTES.contains(&read.output.len())
        })
        .ok_or(MALFORMED)
    }

    fn django(rest: &str) -> Option<Self> {
        let [n, salt, r, p, output] = fields(rest, '$')?;
        let cost = Cost::of(n, r, p)?;
        Some(Self { cost, salt: salt.into(), output: STANDARD.decode(output).ok()? })
    }

    fn werkzeug(rest: &str) -> Option<Self> {
        let [cost, salt, output] = fields(rest, '$')?;
        let [n, r, p] = fields(cost, ':')?;
        let cost = Cost::of(n, r, p)?;
        Some(Self { cost, salt: salt.into(), output: hexadecimal(output)? })
    }

    fn phc(stored: &str) -> Option<Self> {
        let parsed = phc::PasswordHash::new(stored).ok()?;
        if parsed.algorithm.as_str() != "scrypt" || parsed.version.is_some() {
            return None;
        }
        let [Some(log2_n), Some(r), Some(p)] = parameters(&parsed.params, ["ln", "r", "p"])? else {
            return None;
        };
        let (salt, output) = (parsed.salt?.to_vec(), parsed.hash?.as_bytes().to_vec());
        Some(Self { cost: Cost { log2_n, r, p }, salt, output })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Made by Django 5.2, Werkzeug 3.1 and passlib 1.7.4.
    const DJANGO_P_1: &str = "scrypt$16$seasalt$8$1$DYqoJvMZZ8DxbgCVUOtL8DpW+JWje8lZ+apNNFnEqlI61ypG\
                              Gmy5HT1OpsDq5H6ISTxmmfGz284rWUbkYq16oA==";
    const DJANGO_P_5: &str = "scrypt$16$seasalt$8$5$ouWGMvVuA9nVr1ZRaDrACUM7TtktIV3syfKVgacs3+1nAeAk\
                              L1eyFTNNEH3JcjS25rCaynO96umqRkfFVmqGJA==";
    const WERKZEUG_1: &str = "scrypt:1024:8:1$somesaltsomesalt$f88d5744a4bd6bec3f7b308212d391ab8b7e86\
        3998e93ea4479d558f13309bb9a809bbf6a95cb004da25a0e70ee70ee017dd5edaeb321bfe3c9e8787f269fadd";
    const PASSLIB: &str = "$scrypt$ln=4,r=8,p=1$AAECAwQFBgcICQoLDA0ODw\
                           $TW18yf/IsjVdAZlRjYZe+e3qNB4PidwlQmzxGe0tHh8";
    const PASSLIB_P_3: &str = "$scrypt$ln=4,r=4,p=3$AAECAwQFBgcICQoLDA0ODw\
                               $PfJ8nd6AKzrdhwNeF4mw4WG4rm/18iVr2LlexequqRY";

    fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
        Scrypt.verify(password.as_bytes(), stored, &mut WorkBuffer::new())
    }

    #[test]
    fn hashes_made_by_django_werkzeug_and_passlib_verify() {
        for (password, stored) in [
            ("pässwörd ✓", DJANGO_P_1),
            (&"x".repeat(100), DJANGO_P_5),
            ("pässwörd ✓", WERKZEUG_1),
            ("pässwörd ✓", PASSLIB),
            ("pässwörd ✓", PASSLIB_P_3),
        ] {
            assert_eq!(verify(password, stored), Ok(true), "{stored}");
            assert_eq!(verify("another", stored), Ok(false), "{stored}");
        }
        assert_eq!(verify(&"x".repeat(99), DJANGO_P_5), Ok(false), "all of the password counts");
    }

    #[test]
    fn a_nul_at_the_end_is_refused() {
        for password in ["\0", "password\0"] {
            let refused = verify(password, PASSLIB);
            assert!(matches!(refused, Err(HashError::PasswordUnsupported { .. })), "{refused:?}");
        }
        assert_eq!(verify("pass\0word", PASSLIB), Ok(false));
    }

    #[test]
    fn costs_beyond_the_bounds_are_refused_before_any_memory_is_taken() {
        const MEMORY: &str = "memory (KiB)";
        const WORK: &str = "memory times parallelism (KiB)";
        for (stored, what) in [
            (DJANGO_P_1.replace("$16$", "$1073741824$"), MEMORY),
            (DJANGO_P_1.replace("$8$1$", "$4294967295$1$"), MEMORY),
            (DJANGO_P_1.replace("$8$1$", "$8$4294967295$"), WORK),
            (WERKZEUG_1.replace(":1024:8:1$", ":2147483648:4294967295:4294967295$"), MEMORY),
            (WERKZEUG_1.replace(":1024:8:1$", ":2:8:524289$"), WORK),
            (PASSLIB.replace("ln=4,r=8", "ln=18,r=9"), MEMORY),
            (PASSLIB.replace("ln=4,r=8", "ln=19,r=8"), MEMORY),
            (PASSLIB.replace("ln=4,r=8", "ln=63,r=1"), MEMORY),
            (PASSLIB.replace("ln=4,r=8", "ln=64,r=1"), MEMORY),
            (PASSLIB.replace("ln=4,r=8", "ln=4294967295,r=4294967295"), MEMORY),
            (PASSLIB.replace("ln=4,r=8,p=1", "ln=18,r=8,p=5"), WORK),
        ] {
            let refused = verify("password", &stored);
            assert!(
                matches!(refused, Err(HashError::TooCostly { what: beyond, .. }) if beyond == what),
                "{stored}: {refused:?}"
            );
        }
    }

    #[test]
    fn malformed_hashes_are_refused() {
        let salt = "$AAECAwQFBgcICQoLDA0ODw$";
        for stored in [
            "".into(),
            "scrypt$".into(),
            "scrypt:".into(),
            "$scrypt$".into(),
            "scrypt$$$$$".into(),
            DJANGO_P_1.replace("$16$", "$15$"),
            DJANGO_P_1.replace("$16$", "$0$"),
            DJANGO_P_1.replace("$16$", "$1$"),
            DJANGO_P_1.replace("$16$", "$+16$"),
            DJANGO_P_1.replace("$16$", "$4294967296$"),
            DJANGO_P_1.replace("$8$1$", "$0$1$"),
            DJANGO_P_1.replace("$8$1$", "$8$0$"),
            DJANGO_P_1.replace("$8$1$", "$8$"),
            DJANGO_P_1.replace("$8$1$", "$8$é$"),
            DJANGO_P_1.replace("seasalt", ""),
            DJANGO_P_1.replace("seasalt", "sea$salt"),
            DJANGO_P_1.replace("seasalt", &"s".repeat(129)),
            DJANGO_P_1.replace("oA==", "oA="),
            DJANGO_P_1.replace("oA==", "é=="),
            format!("scrypt$16$seasalt$8$1${}", STANDARD.encode([7; 15])),
            format!("scrypt$16$seasalt$8$1${}", STANDARD.encode([7; 65])),
            WERKZEUG_1.replace("1024:", ""),
            WERKZEUG_1.replace("1024:", "1024:1:"),
            WERKZEUG_1.replace("1024:", "1000:"),
            WERKZEUG_1.replace("somesaltsomesalt", ""),
            WERKZEUG_1.replace("fadd", "fad"),
            WERKZEUG_1.replace("fadd", "fé"),
            PASSLIB.replace("ln=4", "ln=0"),
            PASSLIB.replace("ln=4", "n=16"),
            PASSLIB.replace("r=8", "r=0"),
            PASSLIB.replace("p=1", "p=0"),
            PASSLIB.replace(",p=1", ""),
            PASSLIB.replace(",p=1", ",p=1,p=1"),
            PASSLIB.replace(",p=1", ",p=1,x=1"),
            PASSLIB.replace("$ln", "$v=1$ln"),
            PASSLIB.replace(salt, "$$"),
            PASSLIB.replace(salt, "$é$"),
            PASSLIB.replace("Hh8", "Hh8="),
            format!("{PASSLIB}$"),
        ] {
            assert_eq!(verify("password", &stored), Err(MALFORMED), "{stored}");
        }
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error_and_not_the_end_of_the_process() {
        assert_eq!(obtainable(1024), Ok(()));
        let beyond_any_address_space = u64::MAX / 2048;
        assert!(matches!(obtainable(beyond_any_address_space), Err(HashError::OutOfMemory { .. })));
    }

    proptest! {
        #[test]
        fn no_stored_string_panics(
            stored in r"(scrypt[$:]|\$scrypt\$)([0-9]{1,2}[:$]|ln=[0-9],)\PC{0,90}"
        ) {
            let _ = verify("password", &stored);
        }
    }
}
