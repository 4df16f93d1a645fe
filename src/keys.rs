//! The key ring: master secrets, newest first.

mod master;

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

#[cfg(feature = "jwt")]
pub(crate) use self::master::JwtSecrets;
pub use self::master::Purpose;
pub(crate) use self::master::{MasterKey, Seals, is_repetitive};
use crate::secret::Secret;

/// Names a master secret without telling anything about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(u64);

impl KeyId {
    /// Wraps a stored id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    /// The id to store.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// One or more master secrets, newest first.
///
/// New things are made with the first; what an older one made stays good while it is in the ring.
/// To rotate, put a new secret in front; when everything made with the old one has expired, take
/// the old one out.
///
/// ```
/// use testudo::KeyRing;
///
/// let ring = KeyRing::parse("the-new-secret-Y2Wq5u0cTb1yX8zGf4,the-old-secret-mJ7kP3sD9vL6nR2tB8h")?;
/// assert_eq!(ring.len(), 2);
/// # Ok::<(), testudo::KeyRingError>(())
/// ```
pub struct KeyRing {
    newest: MasterKey,
    older: Vec<MasterKey>,
}

/// Why secrets do not make a key ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRingError {
    /// There is none.
    #[error("expected at least one secret; make one with `testudo secret new`")]
    Empty,
    /// One has less than 32 bytes (ASVS 5.0 11.2.3).
    #[error("secret {position} is shorter than 32 bytes; make one with `testudo secret new`")]
    TooShort {
        /// Which one, counted from 1.
        position: usize,
    },
    /// One repeats a few characters over and over.
    #[error("secret {position} is not random; make one with `testudo secret new`")]
    Weak {
        /// Which one, counted from 1.
        position: usize,
    },
    /// One stands there twice.
    #[error("secret {position} repeats an earlier one")]
    Repeated {
        /// The second of the two, counted from 1.
        position: usize,
    },
}

impl KeyRing {
    /// The fewest bytes a secret may have.
    pub const MIN_SECRET_BYTES: usize = 32;

    /// A ring of these secrets, newest first.
    ///
    /// # Errors
    ///
    /// When there is none, or one is too short, obviously not random or there twice.
    ///
    /// # Security
    ///
    /// A secret is 32 or more bytes from a random generator, never a passphrase (ASVS 5.0 11.4.4):
    /// HKDF separates purposes, it does not slow a guesser down.
    pub fn new(secrets: impl IntoIterator<Item = Secret<Vec<u8>>>) -> Result<Self, KeyRingError> {
        let mut keys: Vec<MasterKey> = Vec::new();
        for (position, secret) in (1..).zip(secrets) {
            let key = MasterKey::new(secret.expose(), position)?;
            if keys.iter().any(|other| other.id() == key.id()) {
                return Err(KeyRingError::Repeated { position });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let newest = keys.next().ok_or(KeyRingError::Empty)?;
        Ok(Self { newest, older: keys.collect() })
    }

    /// A ring from a text as it stands in a configuration: secrets separated by commas, newest first.
    /// Space around a secret is ignored.
    ///
    /// # Errors
    ///
    /// As [`KeyRing::new`].
    pub fn parse(list: &str) -> Result<Self, KeyRingError> {
        let secrets = list.split(',').map(str::trim).filter(|secret| !secret.is_empty());
        Self::new(secrets.map(|secret| Secret::new(secret.as_bytes().to_vec())))
    }

    /// The ring of one tenant: other secrets, derived from these under its name, and rotated with them.
    ///
    /// What is issued with one tenant's ring is noise to every other's, and to this one.
    ///
    /// ```
    /// use testudo::KeyRing;
    ///
    /// let ring = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
    /// let (acme, gopher) = (ring.for_tenant("acme"), ring.for_tenant("gopher"));
    /// assert_eq!(acme.len(), ring.len());
    /// # Ok::<(), testudo::KeyRingError>(())
    /// ```
    ///
    /// # Security
    ///
    /// Names must differ, byte for byte, and never be given to another tenant later.
    #[must_use]
    pub fn for_tenant(&self, name: &str) -> Self {
        let derived = |key: &MasterKey| {
            MasterKey::of(&Zeroizing::new(key.mac(Purpose::Tenant, &[name.as_bytes()]))[..])
        };
        Self { newest: derived(&self.newest), older: self.older.iter().map(derived).collect() }
    }

    /// How many secrets the ring holds; at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a ring is never empty")]
    pub fn len(&self) -> usize {
        self.older.len().saturating_add(1)
    }

    /// The key that new things are made with.
    pub(crate) const fn newest(&self) -> &MasterKey {
        &self.newest
    }

    /// The keys that things are no longer made with, newest first.
    #[cfg(feature = "jwt")]
    pub(crate) fn older(&self) -> &[MasterKey] {
        &self.older
    }

    /// The key of this id, if it is still in the ring.
    pub(crate) fn find(&self, id: KeyId) -> Option<&MasterKey> {
        self.all().find(|key| key.id() == id)
    }

    /// Every key, newest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &MasterKey> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyRing({} keys, [redacted])", self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";
    const TWO: &str = "Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh";

    #[test]
    fn a_ring_keeps_its_order_and_finds_its_keys() {
        let ring = KeyRing::parse(&format!("{ONE}, {TWO}")).unwrap();
        let old = KeyRing::parse(TWO).unwrap();
        assert_ne!(ring.newest().id(), old.newest().id());
        assert!(ring.find(old.newest().id()).is_some());
        assert!(old.find(ring.newest().id()).is_none());
    }

    #[test]
    fn secrets_that_are_none_are_refused() {
        assert_eq!(KeyRing::parse(" , ").unwrap_err(), KeyRingError::Empty);
        let short = KeyRing::parse(&format!("{ONE},short")).unwrap_err();
        assert_eq!(short, KeyRingError::TooShort { position: 2 });
        assert_eq!(
            KeyRing::parse(&"ab".repeat(40)).unwrap_err(),
            KeyRingError::Weak { position: 1 }
        );
        let twice = KeyRing::parse(&format!("{ONE},{ONE}")).unwrap_err();
        assert_eq!(twice, KeyRingError::Repeated { position: 2 });
    }

    #[test]
    fn tenants_share_no_key_with_each_other_or_with_the_ring_that_theirs_derive_from() {
        let ring = KeyRing::parse(&format!("{ONE},{TWO}")).unwrap();
        let rings = [ring.for_tenant("acme"), ring.for_tenant("gopher"), ring.for_tenant(""), ring];
        let ids = |ring: &KeyRing| {
            std::iter::once(&ring.newest).chain(&ring.older).map(MasterKey::id).collect::<Vec<_>>()
        };
        let all: Vec<_> = rings.iter().flat_map(ids).collect();
        let distinct: std::collections::BTreeSet<_> = all.iter().map(|id| id.to_bytes()).collect();
        assert_eq!((all.len(), distinct.len()), (8, 8));
        let [acme, .., ring] = rings;
        assert_eq!(ids(&acme), ids(&ring.for_tenant("acme")), "the same name, the same ring");
    }

    #[test]
    fn a_ring_shows_no_secret() {
        let shown = format!("{:?}", KeyRing::parse(ONE).unwrap());
        assert_eq!(shown, "KeyRing(1 keys, [redacted])");
    }
}
