//! The key ring: master secrets, newest first, and a sub-key of its own for every use.

use std::fmt;

use chacha20poly1305::XChaCha20Poly1305;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Declares the purposes, with their HKDF labels, and a sub-key for each.
macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident = $field:ident: $label:literal,)+) => {
        /// What a sub-key is for. A value made for one purpose is noise for every other.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Purpose {
            $($(#[$doc])* $name,)+
        }

        impl Purpose {
            /// The HKDF label. Never change one: everything issued under it would die.
            const fn label(self) -> &'static [u8] {
                match self {
                    $(Self::$name => concat!("testudo/v1/", $label).as_bytes(),)+
                }
            }

            /// Every purpose.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$name,)+];
        }

        /// A sub-key of one master secret for every purpose.
        struct SubKeys {
            $($field: SubKey,)+
        }

        impl SubKeys {
            fn new(hkdf: &Hkdf<Sha256>) -> Self {
                Self { $($field: SubKey::new(hkdf, Purpose::$name),)+ }
            }

            const fn of(&self, purpose: Purpose) -> &SubKey {
                match purpose {
                    $(Purpose::$name => &self.$field,)+
                }
            }
        }
    };
}

purposes! {
    /// Deriving each refresh secret from the one before it.
    RefreshChain = refresh_chain: "refresh-chain",
    /// Deriving an access secret from its refresh secret.
    AccessSecret = access_secret: "access-secret",
    /// Signing the claims by which a password is reset.
    PasswordReset = password_reset: "password-reset",
    /// Signing the claims by which an e-mail address is verified.
    EmailVerification = email_verification: "email-verification",
    /// Signing the claims by which an account moves to another e-mail address.
    EmailChange = email_change: "email-change",
    /// Signing the claims by which an account is taken back to the address that it had before.
    EmailUndo = email_undo: "email-undo",
    /// Signing the claims by which a closed account is opened again.
    AccountReopening = account_reopening: "account-reopening",
    /// Signing the claims by which somebody is invited.
    Invitation = invitation: "invitation",
    /// Signing the claims by which mail is unsubscribed from.
    Unsubscribe = unsubscribe: "unsubscribe",
    /// Making the texts by which pages show what session they were made for.
    Csrf = csrf: "csrf",
    /// Keeping the codes that prove addresses, so that who reads them cannot tell what they are.
    EmailCode = email_code: "email-code",
    /// Deriving the secrets of tenants.
    Tenant = tenant: "tenant",
}

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
            if keys.iter().any(|other| other.id == key.id) {
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
        self.all().find(|key| key.id == id)
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

/// One master secret, as the sub-keys that are used of it.
pub(crate) struct MasterKey {
    id: KeyId,
    sub_keys: SubKeys,
    seals: Seals,
    #[cfg(feature = "jwt")]
    jwt: JwtSecrets,
}

/// The keys that encrypt what stores keep: one for each use.
pub(crate) struct Seals {
    /// Messages on their way out.
    pub(crate) messages: XChaCha20Poly1305,
    /// The states of onboarding sessions.
    pub(crate) onboarding: XChaCha20Poly1305,
    /// The seeds of authenticator apps.
    pub(crate) totp_seeds: XChaCha20Poly1305,
}

impl Seals {
    fn new(hkdf: &Hkdf<Sha256>) -> Self {
        let cipher = |label: &[u8]| {
            let key = Zeroizing::new(expand::<32>(hkdf, label));
            XChaCha20Poly1305::new(&(*key).into())
        };
        Self {
            messages: cipher(b"testudo/v1/message-seal"),
            onboarding: cipher(b"testudo/v1/onboarding-seal"),
            totp_seeds: cipher(b"testudo/v1/totp-seed-seal"),
        }
    }
}

/// What the keys of JWTs are made of: one secret for each type of token and kind of key.
#[cfg(feature = "jwt")]
pub(crate) struct JwtSecrets {
    /// HMAC of access tokens.
    pub(crate) access: Secret<[u8; 32]>,
    /// HMAC of refresh tokens.
    pub(crate) refresh: Secret<[u8; 32]>,
    /// Seed of the Ed25519 key of access tokens (RFC 8032 5.1.5).
    #[cfg(feature = "jwt-signatures")]
    pub(crate) access_ed25519: Secret<[u8; 32]>,
}

#[cfg(feature = "jwt")]
impl JwtSecrets {
    fn new(hkdf: &Hkdf<Sha256>) -> Self {
        Self {
            access: Secret::new(expand(hkdf, b"testudo/v1/jwt-access-hs256")),
            refresh: Secret::new(expand(hkdf, b"testudo/v1/jwt-refresh-hs256")),
            #[cfg(feature = "jwt-signatures")]
            access_ed25519: Secret::new(expand(hkdf, b"testudo/v1/jwt-access-ed25519")),
        }
    }
}

impl MasterKey {
    fn new(secret: &[u8], position: usize) -> Result<Self, KeyRingError> {
        if secret.len() < KeyRing::MIN_SECRET_BYTES {
            return Err(KeyRingError::TooShort { position });
        }
        if is_repetitive(secret) {
            return Err(KeyRingError::Weak { position });
        }
        Ok(Self::of(secret))
    }

    /// The sub-keys of a secret that was checked, or derived from one that was.
    fn of(secret: &[u8]) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, secret);
        Self {
            id: KeyId::from_bytes(expand(&hkdf, b"testudo/v1/key-id")),
            sub_keys: SubKeys::new(&hkdf),
            seals: Seals::new(&hkdf),
            #[cfg(feature = "jwt")]
            jwt: JwtSecrets::new(&hkdf),
        }
    }

    pub(crate) const fn id(&self) -> KeyId {
        self.id
    }

    /// The keys that encrypt what stores keep.
    pub(crate) const fn seals(&self) -> &Seals {
        &self.seals
    }

    #[cfg(feature = "jwt")]
    pub(crate) const fn jwt(&self) -> &JwtSecrets {
        &self.jwt
    }

    /// HMAC-SHA256 of `parts` under the sub-key for `purpose`.
    ///
    /// Every part is preceded by its length, so that no two lists of parts give the same input.
    pub(crate) fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.sub_keys.of(purpose).prepared.clone();
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Whether a secret of this length is obviously not random.
pub(crate) fn is_repetitive(secret: &[u8]) -> bool {
    let distinct: std::collections::BTreeSet<u8> = secret.iter().copied().collect();
    distinct.len() < 8
}

/// A sub-key with its two HMAC pads already hashed.
struct SubKey {
    prepared: Hmac<Sha256>,
}

impl SubKey {
    fn new(hkdf: &Hkdf<Sha256>, purpose: Purpose) -> Self {
        // As long as a block of SHA-256, so that HMAC takes it as it is.
        let key = Zeroizing::new(expand::<64>(hkdf, purpose.label()));
        Self { prepared: Hmac::new(&(*key).into()) }
    }
}

fn expand<const N: usize>(hkdf: &Hkdf<Sha256>, label: &[u8]) -> [u8; N] {
    const { assert!(N <= 255 * 32, "HKDF-SHA256 gives at most 8160 bytes") };
    let mut bytes = [0; N];
    // Its only error is a length beyond the bound asserted above.
    let _ = hkdf.expand(label, &mut bytes);
    bytes
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
    fn purposes_and_partitions_of_the_input_are_kept_apart() {
        let ring = KeyRing::parse(ONE).unwrap();
        let mac = |purpose, parts: &[&[u8]]| ring.newest().mac(purpose, parts);
        let base = mac(Purpose::RefreshChain, &[b"ab", b"c"]);
        assert_eq!(base, mac(Purpose::RefreshChain, &[b"ab", b"c"]));
        assert_ne!(base, mac(Purpose::AccessSecret, &[b"ab", b"c"]));
        assert_ne!(base, mac(Purpose::RefreshChain, &[b"a", b"bc"]));
    }

    #[test]
    fn every_purpose_has_a_sub_key_of_its_own() {
        let ring = KeyRing::parse(ONE).unwrap();
        let macs = Purpose::ALL.iter().map(|purpose| ring.newest().mac(*purpose, &[b"the same"]));
        let distinct: std::collections::BTreeSet<_> = macs.collect();
        assert_eq!(distinct.len(), Purpose::ALL.len());
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
