//! A value and its signature in one text.

use super::{SignatureError, SigningSecrets};

/// Signs texts: `value:signature`, with the HMAC-SHA256 of the value in base64url without padding.
///
/// The value can be read by everybody and changed by nobody. It may be any text, the empty one and
/// those with a separator in them included: the last separator counts.
///
/// ```
/// use testudo::signing::{Signer, SigningSecrets};
///
/// let secrets = SigningSecrets::new([String::from("a-secret-of-links-9Kd2Vx7Qm4Rt1Zw8").into()])?;
/// let signer = Signer::new(&secrets);
/// let signed = signer.sign("list:42");
/// assert!(signed.starts_with("list:42:"));
/// assert_eq!(signer.unsign(&signed), Ok("list:42"));
/// # Ok::<(), testudo::signing::SigningSecretsError>(())
/// ```
///
/// # Security
///
/// A signature says that somebody with the secret signed this text, and neither when nor what for. A
/// value signed for one thing is as genuine for another, and what a `Signer` signed may be the text of
/// a [`TimestampSigner`](super::TimestampSigner): say in the value what it is for, do not sign what
/// others choose, or use a [`PurposeSigner`](super::PurposeSigner).
#[derive(Clone, Copy, Debug)]
pub struct Signer<'s> {
    secrets: &'s SigningSecrets,
    separator: &'s str,
}

/// A separator that may occur in a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a separator with a character besides ASCII letters, digits, - and _")]
pub struct UnfitSeparator;

/// What stands before a signature unless another separator is chosen.
const SEPARATOR: &str = ":";

impl<'s> Signer<'s> {
    /// Signs with the newest of these secrets, and takes what any of them signed.
    #[must_use]
    pub const fn new(secrets: &'s SigningSecrets) -> Self {
        Self { secrets, separator: SEPARATOR }
    }

    /// With another separator than `:`.
    ///
    /// ```
    /// use testudo::signing::{Signer, SigningSecrets, UnfitSeparator};
    ///
    /// let secrets = SigningSecrets::new([String::from("a-secret-of-links-9Kd2Vx7Qm4Rt1Zw8").into()])?;
    /// let signer = Signer::new(&secrets).with_separator("~")?;
    /// assert!(signer.sign("ada").starts_with("ada~"));
    /// assert_eq!(Signer::new(&secrets).with_separator("-").unwrap_err(), UnfitSeparator);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnfitSeparator`] for the empty one, and for one of ASCII letters, digits, `-` and `_` only:
    /// signatures are made of these, and what was signed could not always be taken apart again.
    ///
    /// # Security
    ///
    /// The separator is not signed. Signers that differ in it alone take each other's signatures.
    pub fn with_separator(self, separator: &'s str) -> Result<Self, UnfitSeparator> {
        let of_signatures = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if separator.bytes().all(of_signatures) {
            return Err(UnfitSeparator);
        }
        Ok(Self { separator, ..self })
    }

    /// The value, the separator and the signature.
    #[must_use]
    pub fn sign(&self, value: &str) -> String {
        [value, self.separator, &self.secrets.signature(value)].concat()
    }

    /// The value, if the signature is its own.
    ///
    /// # Errors
    ///
    /// [`SignatureError::Malformed`] when there is no separator, and [`SignatureError::BadSignature`]
    /// when what follows the last one is not the signature of what stands before it.
    pub fn unsign<'v>(&self, signed: &'v str) -> Result<&'v str, SignatureError> {
        let (value, signature) = self.split_last(signed)?;
        if !self.secrets.have_signed(value, signature) {
            return Err(SignatureError::BadSignature);
        }
        Ok(value)
    }

    /// What stands before the last separator, and what follows it.
    pub(super) fn split_last<'v>(
        &self,
        text: &'v str,
    ) -> Result<(&'v str, &'v str), SignatureError> {
        text.rsplit_once(self.separator).ok_or(SignatureError::Malformed)
    }

    /// Two texts with a separator between them.
    pub(super) fn join(&self, before: &str, after: &str) -> String {
        [before, self.separator, after].concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets() -> SigningSecrets {
        SigningSecrets::new(["wqVYb0lq7Xk2Dn4Zs8Rt6Uj1Ha3Gc5Fe".to_owned().into()]).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_signed_is_read_back_with_every_fit_separator(
            value: String,
            separator in "[a:~é_-]{1,4}",
        ) {
            let secrets = secrets();
            let Ok(signer) = Signer::new(&secrets).with_separator(&separator) else {
                return Ok(());
            };
            for value in [value.clone(), format!("{value}{separator}"), separator.repeat(3)] {
                let signed = signer.sign(&value);
                prop_assert_eq!(signer.unsign(&signed), Ok(&*value));
            }
        }

        #[test]
        fn a_changed_bit_is_noticed(value in "\\PC{0,40}", at: prop::sample::Index, bit in 0..8) {
            let secrets = secrets();
            let signer = Signer::new(&secrets);
            let mut changed = signer.sign(&value).into_bytes();
            let at = at.index(changed.len());
            changed[at] ^= 1u8 << bit;
            if let Ok(changed) = String::from_utf8(changed) {
                prop_assert!(signer.unsign(&changed).is_err());
            }
        }

        #[test]
        fn no_text_is_taken_that_was_not_signed(text in "\\PC{0,20}:?[A-Za-z0-9_-]{0,43}") {
            prop_assert!(Signer::new(&secrets()).unsign(&text).is_err());
        }
    }

    #[test]
    fn separators_that_signatures_may_hold_are_refused() {
        let secrets = secrets();
        for unfit in ["", "-", "_", "a", "Z9", "--", "a-b"] {
            assert!(Signer::new(&secrets).with_separator(unfit).is_err(), "{unfit:?}");
        }
        for fit in [":", ".", "=", "~", " ", "\n", "::", "a:a", "§", "%3A"] {
            assert!(Signer::new(&secrets).with_separator(fit).is_ok(), "{fit:?}");
        }
    }

    #[test]
    fn other_spellings_of_a_signature_are_refused() {
        let secrets = secrets();
        let signer = Signer::new(&secrets);
        let signed = signer.sign("ada");
        let signature = signed.strip_prefix("ada:").unwrap();
        assert_eq!(signature.len(), 43);
        for variant in [
            format!("{signed}="),
            format!("{signed} "),
            format!("{signed}\n"),
            format!("ada:{signature}A"),
            format!("ada::{signature}"),
            format!(":ada:{signature}"),
            format!("ada :{signature}"),
            format!("ada:é{signature}"),
            format!("ada:{}", signature.get(..42).unwrap()),
            "ada:".to_owned(),
        ] {
            assert_eq!(signer.unsign(&variant), Err(SignatureError::BadSignature), "{variant}");
        }
        assert_eq!(signer.unsign(""), Err(SignatureError::Malformed));
        assert_eq!(signer.unsign(signature), Err(SignatureError::Malformed));
    }
}
