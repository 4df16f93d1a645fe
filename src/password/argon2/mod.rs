//! Argon2 (RFC 9106): the preferred hasher, and readers for the other variants.

mod argon2id;
mod variants;

pub use self::argon2id::Argon2id;
pub use self::variants::{Argon2d, Argon2i};

use argon2::{Algorithm, Argon2, Params, Version};
use phc::{Output, PasswordHash as Phc};
use zeroize::Zeroizing;

use super::hasher::{bounded, same};
use super::stored::parameters;
use super::{HashError, WorkBuffer};

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// This cost as the algorithm takes it, if it is within its bounds and ours.
    fn params(self, output_bytes: usize) -> Result<Params, HashError> {
        bounded("memory (KiB)", self.memory_kib, Argon2id::MAX_MEMORY_KIB)?;
        bounded("passes", self.passes, Argon2id::MAX_PASSES)?;
        bounded("lanes", self.lanes, Argon2id::MAX_LANES)?;
        let work = u64::from(self.memory_kib) * u64::from(self.passes);
        bounded("memory times passes (KiB)", work, Argon2id::MAX_WORK_KIB)?;
        Params::new(self.memory_kib, self.passes, self.lanes, Some(output_bytes))
            .map_err(|_| MALFORMED)
    }
}

const OUTPUT_BYTES: usize = 32;
const LEAST_OUTPUT_BYTES: usize = 16;

const MALFORMED: HashError = HashError::Malformed {
    expected: "$argon2id$v=19$m=<KiB>,t=<passes>,p=<lanes>$<salt>$<hash> in PHC string format (or \
               $argon2i$, $argon2d$, or any of them after Django's argon2), \
               with 8 KiB or more a lane, a salt of 8 to 48 bytes and a hash of 16 to 64",
};

/// The PHC string in what is stored: Django writes the name of its hasher before it.
fn phc_string(stored: &str) -> &str {
    stored.strip_prefix("argon2").filter(|phc| phc.starts_with("$argon2")).unwrap_or(stored)
}

/// Compares a password with a stored hash of this variant.
fn verify(
    algorithm: Algorithm,
    password: &[u8],
    stored: &str,
    work: &mut WorkBuffer,
) -> Result<bool, HashError> {
    let (stored, params) = open(algorithm, stored)?;
    let argon2 = Argon2::new(algorithm, stored.version, params);
    let output = compute(&argon2, password, &stored.salt, work)?;
    Ok(same(&output, stored.output.as_bytes()))
}

/// Reads a stored hash of this variant, if its cost is within the bounds.
fn open(algorithm: Algorithm, stored: &str) -> Result<(Stored, Params), HashError> {
    let stored = Stored::read(algorithm, phc_string(stored))?;
    let params = stored.cost.params(stored.output.len())?;
    Ok((stored, params))
}

/// What a stored hash of this variant costs, by name.
fn costs(algorithm: Algorithm, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
    let (Stored { cost, .. }, _) = open(algorithm, stored)?;
    Ok(vec![
        ("memory_kib", cost.memory_kib.into()),
        ("passes", cost.passes.into()),
        ("lanes", cost.lanes.into()),
    ])
}

/// A stored hash that was read. Whether its cost is within bounds shows when it is used.
struct Stored {
    cost: Cost,
    version: Version,
    salt: phc::Salt,
    output: Output,
}

impl Stored {
    fn read(algorithm: Algorithm, phc: &str) -> Result<Self, HashError> {
        Self::parse(algorithm, phc).ok_or(MALFORMED)
    }

    fn parse(algorithm: Algorithm, phc: &str) -> Option<Self> {
        let parsed = Phc::new(phc).ok()?;
        if parsed.algorithm.as_str() != algorithm.as_str() {
            return None;
        }
        let version = match parsed.version {
            Some(19) => Version::V0x13,
            // The format before it had versions is version 16.
            Some(16) | None => Version::V0x10,
            Some(_) => return None,
        };
        let [Some(memory_kib), Some(passes), Some(lanes)] =
            parameters(&parsed.params, ["m", "t", "p"])?
        else {
            return None;
        };
        let output = parsed.hash.filter(|output| output.len() >= LEAST_OUTPUT_BYTES)?;
        Some(Self { cost: Cost { memory_kib, passes, lanes }, version, salt: parsed.salt?, output })
    }
}

/// Hashes in memory that was there before.
fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    work: &mut WorkBuffer,
) -> Result<Zeroizing<Vec<u8>>, HashError> {
    let params = argon2.params();
    let mut output = Zeroizing::new(vec![0; params.output_len().unwrap_or(OUTPUT_BYTES)]);
    work.lend(params.block_count(), |blocks| {
        argon2.hash_password_into_with_memory(password, salt, &mut output, blocks)
    })?
    .map_err(|error| match error {
        argon2::Error::PwdTooLong => HashError::PasswordTooLong { most: argon2::MAX_PWD_LEN },
        _ => MALFORMED,
    })?;
    Ok(output)
}
