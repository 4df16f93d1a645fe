//! How new passwords are hashed, as data.

use serde::{Deserialize, Serialize};

use super::{ConfigError, ConfigErrors};
use crate::password::{Argon2id, Bcrypt, HashError, Hasher, HasherChain, Pbkdf2Sha256};

/// The scheme of new hashes, and what each scheme costs. Hashes of other schemes are read, and replaced when
/// their owners sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hashing {
    /// The scheme of new hashes. Default: Argon2id.
    pub scheme: Scheme,
    /// Memory of Argon2id, in KiB. Default: 65536.
    pub argon2_memory: u32,
    /// Passes of Argon2id over it. Default: 3.
    pub argon2_passes: u32,
    /// Lanes of Argon2id. Default: 4.
    pub argon2_lanes: u32,
    /// Cost of bcrypt, two to the power of which rounds it does. Default: 12.
    pub bcrypt_cost: u32,
    /// Iterations of PBKDF2-HMAC-SHA256. Default: 600000.
    pub pbkdf2_iterations: u32,
}

/// A scheme that new hashes are made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scheme {
    /// Argon2id (RFC 9106).
    #[default]
    Argon2id,
    /// bcrypt, which takes no password over 72 bytes.
    Bcrypt,
    /// PBKDF2 with HMAC-SHA-256 (RFC 8018), where nothing else is approved.
    Pbkdf2Sha256,
}

impl Default for Hashing {
    fn default() -> Self {
        let argon2 = Argon2id::default();
        Self {
            scheme: Scheme::Argon2id,
            argon2_memory: argon2.memory_kib(),
            argon2_passes: argon2.passes(),
            argon2_lanes: argon2.lanes(),
            bcrypt_cost: 12,
            pbkdf2_iterations: 600_000,
        }
    }
}

impl Hashing {
    /// The hashers of these settings, which read the hashes of every scheme: for programs that hash and do nothing
    /// else.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn hashers(&self) -> Result<HasherChain, ConfigErrors> {
        let mut errors = Vec::new();
        self.chain(&mut errors).filter(|_| errors.is_empty()).ok_or(ConfigErrors(errors))
    }

    /// Checks the settings of all schemes, also of those that make no new hashes.
    pub(super) fn chain(&self, errors: &mut Vec<ConfigError>) -> Option<HasherChain> {
        let argon2 = Argon2id::new(self.argon2_memory, self.argon2_passes, self.argon2_lanes);
        let argon2 = fit("argon2_memory", argon2, errors);
        let bcrypt = fit("bcrypt_cost", Bcrypt::new(self.bcrypt_cost), errors);
        let pbkdf2 = fit("pbkdf2_iterations", Pbkdf2Sha256::new(self.pbkdf2_iterations), errors);
        let chain = match self.scheme {
            Scheme::Argon2id => HasherChain::new(argon2?),
            Scheme::Bcrypt => HasherChain::new(bcrypt?),
            Scheme::Pbkdf2Sha256 => HasherChain::new(pbkdf2?),
        };
        Some(chain.reading_all())
    }
}

fn fit<H: Hasher>(
    setting: &str,
    made: Result<H, HashError>,
    errors: &mut Vec<ConfigError>,
) -> Option<H> {
    let wrong =
        |error: HashError| ConfigError::new(format!("hashing.{setting}"), error.to_string());
    made.map_err(|error| errors.push(wrong(error))).ok()
}
