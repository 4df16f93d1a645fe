//! What a password scheme must uphold, and what the schemes here share.

use std::fmt;

use subtle::ConstantTimeEq;

use super::{PasswordHash, Salt, WorkBuffer};

/// One scheme that stored hashes are read with.
///
/// The library brings one for each scheme in [`HasherChain::reading_all`]. An application that has
/// hashes of another kind implements this trait, and [`HasherChain::reading`] adds it. The chain
/// takes care of Unicode, of accounts that do not exist and of replacing the hash once its password
/// is known, so there is nothing to implement for making more of them: that is [`Hasher`].
///
/// # Security
///
/// Passwords come from strangers, and stored strings may have been imported or tampered with. An
/// implementor must uphold all of this:
///
/// - **Every byte counts.** A password that the scheme cannot take whole (too long for bcrypt, a NUL
///   where the scheme ends at one) is refused with [`HashError::PasswordTooLong`] or
///   [`HashError::PasswordUnsupported`]. It is never shortened, and never matches.
/// - **Bounds before work.** Whatever a stored string asks for (memory, passes, rounds, lengths) is
///   checked against fixed bounds before anything is computed or allocated: otherwise one imported
///   row stops the server. Beyond them is [`HashError::TooCostly`].
/// - **Constant-time comparison** of the computed and the stored hash.
/// - **No panic**, whatever the password and the stored string are.
/// - **No state.** The same arguments give the same answer.
///
/// ```
/// use base64::{Engine, engine::general_purpose::STANDARD};
/// use subtle::ConstantTimeEq;
/// use testudo::password::{HashError, HasherChain, Verifier, WorkBuffer};
///
/// /// What the old shop stored: `shop1:<salt>:<base64 of PBKDF2-HMAC-SHA-512>`, always of 210000
/// /// iterations, so that there is nothing to bound.
/// #[derive(Debug)]
/// struct Shop;
///
/// impl Verifier for Shop {
///     fn name(&self) -> &'static str {
///         "shop1"
///     }
///
///     fn recognises(&self, stored: &str) -> bool {
///         stored.starts_with("shop1:")
///     }
///
///     fn verify(
///         &self,
///         password: &[u8],
///         stored: &str,
///         _work: &mut WorkBuffer,
///     ) -> Result<bool, HashError> {
///         // HMAC does not tell a NUL at the end from its padding.
///         if password.last() == Some(&0) {
///             return Err(HashError::PasswordUnsupported { expected: "no NUL at the end" });
///         }
///         let (salt, hash) = read(stored)?;
///         let mut computed = [0; 64];
///         pbkdf2::pbkdf2_hmac::<sha2::Sha512>(password, salt.as_bytes(), 210_000, &mut computed);
///         Ok(computed.ct_eq(&hash).into())
///     }
///
///     fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError> {
///         read(stored).map(|_| vec![("iterations", 210_000)])
///     }
/// }
///
/// fn read(stored: &str) -> Result<(&str, Vec<u8>), HashError> {
///     const MALFORMED: HashError = HashError::Malformed { expected: "shop1:<salt>:<hash>" };
///     let fields = stored.strip_prefix("shop1:").and_then(|fields| fields.split_once(':'));
///     let (salt, hash) = fields.ok_or(MALFORMED)?;
///     Ok((salt, STANDARD.decode(hash).map_err(|_| MALFORMED)?))
/// }
///
/// let chain = HasherChain::standard().reading(Shop);
/// assert_eq!(chain.identify("shop1:c2FsdA:aGFzaA=="), Some("shop1"));
/// ```
///
/// [`HasherChain::reading`]: super::HasherChain::reading
/// [`HasherChain::reading_all`]: super::HasherChain::reading_all
pub trait Verifier: Send + Sync + fmt::Debug {
    /// The name of the scheme, such as `argon2id`. It is shown in logs.
    fn name(&self) -> &'static str;

    /// Whether `stored` belongs to this scheme, by its prefix alone.
    ///
    /// It is cheap, and says nothing on whether the rest can be read.
    fn recognises(&self, stored: &str) -> bool;

    /// Whether `password` is the one that `stored` was made from.
    ///
    /// # Errors
    ///
    /// [`HashError::PasswordTooLong`] and [`HashError::PasswordUnsupported`] when the scheme cannot
    /// take the whole password, [`HashError::Malformed`] or [`HashError::TooCostly`] when `stored`
    /// cannot be read or asks for too much, [`HashError::OutOfMemory`] when it lacks memory.
    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<bool, HashError>;

    /// The costs that `stored` names, in the scheme's order, such as `memory_kib` and `passes`.
    ///
    /// It reads and bounds all that [`verify`](Self::verify) does, and does none of the work.
    ///
    /// # Errors
    ///
    /// [`HashError::Malformed`] or [`HashError::TooCostly`], where `verify` would answer with them.
    fn parameters(&self, stored: &str) -> Result<Vec<(&'static str, u64)>, HashError>;
}

/// A scheme that new hashes are made with: what a [`HasherChain`](super::HasherChain) prefers.
///
/// The library brings [`Argon2id`](super::Argon2id), [`Bcrypt`](super::Bcrypt) and
/// [`Pbkdf2Sha256`](super::Pbkdf2Sha256).
///
/// # Security
///
/// Besides what a [`Verifier`] upholds:
///
/// - **Equal time for equal settings.** [`hash`](Self::hash), and [`verify`](Verifier::verify)
///   against a hash of the current settings, take the same time whether or not the password is
///   right: the chain spends one in place of the other so that time does not tell which accounts
///   exist.
/// - **No randomness of its own.** Salt arrives as an argument.
pub trait Hasher: Verifier {
    /// Hashes a password with this hasher's settings.
    ///
    /// # Errors
    ///
    /// [`HashError::PasswordTooLong`] and [`HashError::PasswordUnsupported`] when the scheme cannot
    /// take the whole password, [`HashError::OutOfMemory`] when it lacks memory.
    fn hash(
        &self,
        password: &[u8],
        salt: &Salt,
        work: &mut WorkBuffer,
    ) -> Result<PasswordHash, HashError>;

    /// Whether `stored` was made with exactly this hasher's algorithm and settings.
    ///
    /// Weaker, stronger and unreadable are all `false`: a stored hash that matches and is not
    /// current is replaced.
    fn is_current(&self, stored: &str) -> bool;
}

/// Why a password was not hashed, or not compared.
///
/// No message repeats any part of the password or of the hash: parameters are all it tells.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The stored string is not a hash of this scheme.
    #[error("stored hash cannot be read: expected {expected}")]
    Malformed {
        /// What a stored hash of this scheme looks like.
        expected: &'static str,
    },
    /// The stored string is of no scheme that is read.
    #[error("stored hash cannot be read: expected one of a scheme that is read here")]
    UnknownScheme,
    /// The stored hash is behind a pepper that is not at hand.
    #[error("stored hash cannot be read: expected the pepper that it is behind")]
    MissingPepper,
    /// The stored string asks for more work than is done for anybody.
    #[error("stored hash asks for {what} of {asked}, expected at most {most}")]
    TooCostly {
        /// The parameter that is beyond its bound.
        what: &'static str,
        /// What the stored string says.
        asked: u64,
        /// The bound.
        most: u64,
    },
    /// The password is longer than the scheme can take.
    #[error("password is too long: expected at most {most} bytes")]
    PasswordTooLong {
        /// The most bytes that the scheme takes.
        most: usize,
    },
    /// The password holds something that the scheme would confuse with another password.
    #[error("password cannot be hashed: expected {expected}")]
    PasswordUnsupported {
        /// What the scheme takes.
        expected: &'static str,
    },
    /// The memory for the hash could not be had.
    #[error("no memory to hash with: expected {kib} KiB")]
    OutOfMemory {
        /// How much was asked for, in KiB.
        kib: usize,
    },
    /// A hasher was to be made with settings that are too weak or too costly.
    #[error("unfit settings: expected {expected}")]
    Settings {
        /// What the settings must be.
        expected: &'static str,
    },
}

impl HashError {
    /// Whether it is the password, and not the stored hash or the machine, that stands in the way.
    pub(super) fn is_about_password(&self) -> bool {
        matches!(self, Self::PasswordTooLong { .. } | Self::PasswordUnsupported { .. })
    }
}

/// Refuses what a stored hash asks for when it is beyond `most`.
pub(super) fn bounded(
    what: &'static str,
    asked: impl Into<u64>,
    most: impl Into<u64>,
) -> Result<(), HashError> {
    let (asked, most) = (asked.into(), most.into());
    if asked > most { Err(HashError::TooCostly { what, asked, most }) } else { Ok(()) }
}

/// Refuses a password that HMAC would not tell from a shorter one when it is the key.
pub(super) fn whole_as_hmac_key(password: &[u8]) -> Result<(), HashError> {
    if password.last() == Some(&0) {
        return Err(HashError::PasswordUnsupported {
            expected: "no NUL character at the end, which HMAC does not tell from its padding",
        });
    }
    Ok(())
}

/// Whether two hashes are equal, in time that depends on their lengths alone.
pub(super) fn same(computed: &[u8], stored: &[u8]) -> bool {
    computed.ct_eq(stored).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_was_expected() {
        let too_costly = HashError::TooCostly { what: "rounds", asked: 31, most: 16 };
        assert_eq!(
            too_costly.to_string(),
            "stored hash asks for rounds of 31, expected at most 16"
        );
        let malformed = HashError::Malformed { expected: "60 characters" };
        assert_eq!(malformed.to_string(), "stored hash cannot be read: expected 60 characters");
    }
}
