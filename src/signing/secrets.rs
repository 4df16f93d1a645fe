//! The secrets that signed values are made with.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::keys::{KeyRing, is_repetitive};
use crate::secret::Secret;

/// One or more secrets for signed values, newest first.
///
/// Values are signed with the first; what an older one signed is taken while it stands here. To
/// rotate, put a new secret in front; when everything signed with the old one has expired, take the
/// old one out. `Debug` is redacted, and the secrets are wiped when dropped.
///
/// A secret is the HMAC key as it stands, in UTF-8: that is the format, and what other systems with
/// the same secret do.
///
/// ```
/// use testudo::signing::{Signer, SigningSecrets};
///
/// let old = String::from("the-old-secret-mJ7kP3sD9vL6nR2tB8h");
/// let new = String::from("the-new-secret-Y2Wq5u0cTb1yX8zGf4");
/// let before = SigningSecrets::new([old.clone().into()])?;
/// let after = SigningSecrets::new([new.into(), old.into()])?;
/// let signed = Signer::new(&before).sign("ada");
/// assert_eq!(Signer::new(&after).unsign(&signed), Ok("ada"));
/// # Ok::<(), testudo::signing::SigningSecretsError>(())
/// ```
///
/// # Security
///
/// Use these secrets for nothing else. A signature is the plain HMAC-SHA256 of the value, and so is
/// that of a JWT with HS256: whoever gets a value of their choice signed has a JWT under the same
/// secret, whatever the separator.
pub struct SigningSecrets {
    newest: Secret<String>,
    older: Vec<Secret<String>>,
}

/// Why texts are no secrets to sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningSecretsError {
    /// There is none.
    #[error("expected at least one secret to sign with")]
    None,
    /// One has no characters at all: anybody could sign with it.
    #[error("secret {position} is empty")]
    Empty {
        /// Which one, counted from 1.
        position: usize,
    },
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

impl SigningSecrets {
    /// The fewest bytes that a secret may have.
    pub const MIN_SECRET_BYTES: usize = KeyRing::MIN_SECRET_BYTES;

    /// These secrets, newest first.
    ///
    /// # Errors
    ///
    /// When there is none, or one is too short, obviously not random or there twice.
    ///
    /// # Security
    ///
    /// A secret comes from a random generator and is never a passphrase: whoever holds one signed
    /// value can try secrets at home, as fast as SHA-256 goes.
    pub fn new(
        secrets: impl IntoIterator<Item = Secret<String>>,
    ) -> Result<Self, SigningSecretsError> {
        Self::checked(secrets, |secret, position| {
            if secret.len() < Self::MIN_SECRET_BYTES {
                return Err(SigningSecretsError::TooShort { position });
            }
            if is_repetitive(secret.as_bytes()) {
                return Err(SigningSecretsError::Weak { position });
            }
            Ok(())
        })
    }

    /// Secrets that another system chose, newest first, so that what it signed is still taken.
    ///
    /// ```
    /// use testudo::signing::{Signer, SigningSecrets};
    ///
    /// let secrets = SigningSecrets::inherited([String::from("short").into()])?;
    /// let signed = "ada:W8YDZCdS9AIiR7d3q66O1pmc2w6fUgD41ZeYsb_xoXY";
    /// assert_eq!(Signer::new(&secrets).sign("ada"), signed);
    /// # Ok::<(), testudo::signing::SigningSecretsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is none, or one is empty or there twice.
    ///
    /// # Security
    ///
    /// Neither length nor randomness is asked for. What a guessable secret signs, anybody signs:
    /// put a new secret in front, and take the inherited one out as soon as may be.
    pub fn inherited(
        secrets: impl IntoIterator<Item = Secret<String>>,
    ) -> Result<Self, SigningSecretsError> {
        Self::checked(secrets, |_, _| Ok(()))
    }

    fn checked(
        secrets: impl IntoIterator<Item = Secret<String>>,
        check: impl Fn(&str, usize) -> Result<(), SigningSecretsError>,
    ) -> Result<Self, SigningSecretsError> {
        let mut all: Vec<Secret<String>> = Vec::new();
        for (position, secret) in (1..).zip(secrets) {
            if secret.expose().is_empty() {
                return Err(SigningSecretsError::Empty { position });
            }
            check(secret.expose(), position)?;
            if all.iter().any(|other| other.same_as(&secret)) {
                return Err(SigningSecretsError::Repeated { position });
            }
            all.push(secret);
        }
        let mut all = all.into_iter();
        let newest = all.next().ok_or(SigningSecretsError::None)?;
        Ok(Self { newest, older: all.collect() })
    }

    /// The signature of a value under the newest secret.
    pub(super) fn signature(&self, value: &str) -> String {
        signature(&self.newest, value)
    }

    /// Whether any secret made this signature, in time that does not depend on where they differ.
    pub(super) fn have_signed(&self, value: &str, claimed: &str) -> bool {
        let secrets = std::iter::once(&self.newest).chain(&self.older);
        let found = secrets.fold(Choice::from(0), |found, secret| {
            let genuine = Zeroizing::new(signature(secret, value));
            found | genuine.as_bytes().ct_eq(claimed.as_bytes())
        });
        found.into()
    }
}

impl fmt::Debug for SigningSecrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.older.len().saturating_add(1);
        write!(out, "SigningSecrets({count} secrets, [redacted])")
    }
}

/// HMAC-SHA256 in base64url without padding. The texts are what is compared, so that no other
/// spelling of the same bytes is taken.
fn signature(secret: &Secret<String>, value: &str) -> String {
    // HMAC takes keys of any length: the error cannot be, and what it gives is no signature.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else {
        return String::new();
    };
    mac.update(value.as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe";
    const TWO: &str = "Pz9Lm3Kx7Qw1Er5Ty2Ui8Op4As6Df0Gh";

    fn texts(texts: &[&str]) -> Vec<Secret<String>> {
        texts.iter().map(|text| Secret::new((*text).to_owned())).collect()
    }

    #[test]
    fn texts_that_are_no_secrets_are_refused() {
        let refused = |list: &[&str]| SigningSecrets::new(texts(list)).unwrap_err();
        assert_eq!(refused(&[]), SigningSecretsError::None);
        assert_eq!(refused(&[ONE, ""]), SigningSecretsError::Empty { position: 2 });
        assert_eq!(refused(&[ONE, "short"]), SigningSecretsError::TooShort { position: 2 });
        assert_eq!(refused(&[&"ab".repeat(40)]), SigningSecretsError::Weak { position: 1 });
        assert_eq!(refused(&[ONE, TWO, ONE]), SigningSecretsError::Repeated { position: 3 });
    }

    #[test]
    fn inherited_secrets_may_be_short_and_never_empty() {
        assert!(SigningSecrets::inherited(texts(&["k"])).is_ok());
        let refused = |list: &[&str]| SigningSecrets::inherited(texts(list)).unwrap_err();
        assert_eq!(refused(&[]), SigningSecretsError::None);
        assert_eq!(refused(&[""]), SigningSecretsError::Empty { position: 1 });
        assert_eq!(refused(&["k", "k"]), SigningSecretsError::Repeated { position: 2 });
    }

    #[test]
    fn the_newest_signs_and_every_one_verifies() {
        let both = SigningSecrets::new(texts(&[ONE, TWO])).unwrap();
        let [new, old] = [ONE, TWO].map(|secret| SigningSecrets::new(texts(&[secret])).unwrap());
        assert_eq!(both.signature("ada"), new.signature("ada"));
        assert!(both.have_signed("ada", &new.signature("ada")));
        assert!(both.have_signed("ada", &old.signature("ada")));
        assert!(!old.have_signed("ada", &both.signature("ada")), "taken out, yet taken");
        assert!(!both.have_signed("bob", &both.signature("ada")));
        assert!(!both.have_signed("ada", ""));
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", SigningSecrets::new(texts(&[ONE, TWO])).unwrap());
        assert_eq!(shown, "SigningSecrets(2 secrets, [redacted])");
    }
}
