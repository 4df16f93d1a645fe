//! A hasher that costs nothing and protects nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::password::{HashError, Hasher, HasherChain, PasswordHash, Salt, Verifier, WorkBuffer};

/// One round of salted SHA-256, stored as `$insecure$v=2$<salt>$<hash>`.
///
/// # Security
///
/// **Never for a real password.** A graphics card tries billions of these a second. It exists so that
/// tests can hash by the thousand; the prefix makes such a hash stand out wherever one turns up.
#[derive(Clone, Debug)]
pub struct InsecureHasher {
    version: u32,
    computed: Arc<AtomicUsize>,
}

const MALFORMED: HashError = HashError::Malformed { expected: "$insecure$v=1$salt$hash" };

impl InsecureHasher {
    const CURRENT: u32 = 2;
    const OUTDATED: u32 = 1;

    /// A hasher of the current settings, whose hashes need no replacing.
    #[must_use]
    pub fn current() -> Self {
        Self { version: Self::CURRENT, computed: Arc::default() }
    }

    /// A hasher of settings that are out of date: its hashes verify, and are to be replaced.
    #[must_use]
    pub fn outdated() -> Self {
        Self { version: Self::OUTDATED, computed: Arc::default() }
    }

    /// A chain that hashes with this hasher. It reads hashes of both settings.
    #[must_use]
    pub fn chain(&self) -> HasherChain {
        HasherChain::new(self.clone())
    }

    /// How many hashes this hasher and its clones have computed so far: one for each password that
    /// was hashed, compared, or spent on nobody.
    #[must_use]
    pub fn computed(&self) -> usize {
        self.computed.load(Ordering::Relaxed)
    }

    fn compute(&self, version: u32, password: &[u8], salt: &[u8; 16]) -> PasswordHash {
        self.computed.fetch_add(1, Ordering::Relaxed);
        let digest = Sha256::new()
            .chain_update(version.to_be_bytes())
            .chain_update(salt)
            .chain_update(password)
            .finalize();
        PasswordHash::from_stored(format!(
            "$insecure$v={version}${}${}",
            STANDARD_NO_PAD.encode(salt),
            STANDARD_NO_PAD.encode(digest)
        ))
    }
}

impl Verifier for InsecureHasher {
    fn name(&self) -> &'static str {
        "insecure"
    }

    fn recognises(&self, stored: &str) -> bool {
        stored.starts_with("$insecure$")
    }

    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        _work: &mut WorkBuffer,
    ) -> Result<bool, HashError> {
        let (version, salt) = read(stored).ok_or(MALFORMED)?;
        Ok(self.compute(version, password, &salt).as_stored() == stored)
    }

    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
        read(stored).map(|_| Vec::new()).ok_or(MALFORMED)
    }
}

impl Hasher for InsecureHasher {
    fn hash(
        &self,
        password: &[u8],
        salt: &Salt,
        _work: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError> {
        Ok(self.compute(self.version, password, salt.as_bytes()))
    }

    fn is_current(&self, stored: &str) -> bool {
        read(stored).is_some_and(|(version, _)| version == self.version)
    }
}

/// The version and the salt of a stored hash.
fn read(stored: &str) -> Option<(u32, [u8; 16])> {
    let (version, rest) = stored.strip_prefix("$insecure$v=")?.split_once('$')?;
    let (salt, hash) = rest.split_once('$')?;
    let salt = STANDARD_NO_PAD.decode(salt).ok()?.try_into().ok()?;
    let _: [u8; 32] = STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    Some((version.parse().ok()?, salt))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: Salt = Salt::new([7; 16]);

    fn hash(hasher: &InsecureHasher, password: &[u8]) -> String {
        hasher.hash(password, &SALT, &mut WorkBuffer::new()).unwrap().as_stored().to_owned()
    }

    #[test]
    fn a_hash_verifies_its_own_password_only() {
        let (hasher, mut work) = (InsecureHasher::current(), WorkBuffer::new());
        let stored = hash(&hasher, b"right");
        assert_eq!(hasher.verify(b"right", &stored, &mut work), Ok(true));
        assert_eq!(hasher.verify(b"wrong", &stored, &mut work), Ok(false));
        assert_eq!(hasher.computed(), 3);
    }

    #[test]
    fn a_hash_of_outdated_settings_verifies_and_is_not_current() {
        let (hasher, mut work) = (InsecureHasher::current(), WorkBuffer::new());
        let stored = hash(&InsecureHasher::outdated(), b"right");
        assert_eq!(hasher.verify(b"right", &stored, &mut work), Ok(true));
        assert!(!hasher.is_current(&stored));
        assert!(hasher.is_current(&hash(&hasher, b"right")));
    }

    #[test]
    fn a_hash_that_cannot_be_read_is_an_error() {
        let (hasher, mut work) = (InsecureHasher::current(), WorkBuffer::new());
        for stored in ["$insecure$", "$insecure$v=2$AA$AA", "$insecure$v=x$$", "plain"] {
            assert_eq!(hasher.verify(b"any", stored, &mut work), Err(MALFORMED), "{stored}");
            assert!(!hasher.is_current(stored), "{stored}");
        }
        assert_eq!(hasher.computed(), 0);
    }
}
