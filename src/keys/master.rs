//! One master secret: a sub-key of its own for every use.

use chacha20poly1305::XChaCha20Poly1305;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{KeyId, KeyRing, KeyRingError};
#[cfg(feature = "jwt")]
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

/// One master secret, as the sub-keys that are used of it.
pub(crate) struct MasterKey {
    id: KeyId,
    sub_keys: SubKeys,
    seals: Seals,
    #[cfg(feature = "jwt")]
    jwt: JwtSecrets,
}

impl MasterKey {
    pub(super) fn new(secret: &[u8], position: usize) -> Result<Self, KeyRingError> {
        if secret.len() < KeyRing::MIN_SECRET_BYTES {
            return Err(KeyRingError::TooShort { position });
        }
        if is_repetitive(secret) {
            return Err(KeyRingError::Weak { position });
        }
        Ok(Self::of(secret))
    }

    /// The sub-keys of a secret that was checked, or derived from one that was.
    pub(super) fn of(secret: &[u8]) -> Self {
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
}
