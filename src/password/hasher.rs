//! What a password hasher must uphold, and what the hashers here share.

use std::fmt;

use phc::ParamsString;
use subtle::ConstantTimeEq;

use super::{PasswordHash, Salt, WorkBuffer};

/// One password hashing scheme: makes stored hashes and compares passwords with them.
///
/// The library brings [`Argon2id`](super::Argon2id), [`Bcrypt`](super::Bcrypt) and
/// [`Pbkdf2Sha256`](super::Pbkdf2Sha256). An application that has hashes of another kind implements
/// this trait and adds it to a [`HasherChain`](super::HasherChain), which takes care of Unicode, of
/// accounts that do not exist and of replacing outdated hashes.
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
/// - **Equal time for equal settings.** [`hash`](Self::hash), and [`verify`](Self::verify) against a
///   hash of the current settings, take the same time whether or not the password is right: the
///   chain spends one in place of the other so that time does not tell which accounts exist.
/// - **No state.** The same arguments give the same answer. Salt arrives as an argument, and a
///   hasher draws no randomness and reads no clock.
pub trait Hasher: Send + Sync + fmt::Debug {
    /// The name of the scheme, such as `argon2id`. It is shown in logs.
    fn name(&self) -> &'static str;

    /// Whether `stored` belongs to this scheme, by its prefix alone.
    ///
    /// It is cheap, and says nothing on whether the rest can be read.
    fn recognises(&self, stored: &str) -> bool;

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

    /// Whether `password` is the one that `stored` was made from.
    ///
    /// # Errors
    ///
    /// As [`hash`](Self::hash), and [`HashError::Malformed`] or [`HashError::TooCostly`] when
    /// `stored` cannot be read or asks for too much.
    fn verify(
        &self,
        password: &[u8],
        stored: &str,
        work: &mut WorkBuffer,
    ) -> Result<bool, HashError>;

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

/// The decimal parameters of a PHC string in the order of `names`.
///
/// `None` when one is repeated, is not a number or is not among `names`: a parameter that is not
/// understood may change what the hash means.
pub(super) fn parameters<const N: usize>(
    params: &ParamsString,
    names: [&str; N],
) -> Option<[Option<u32>; N]> {
    let mut values = [None; N];
    for (name, value) in params.iter() {
        let place = names.iter().position(|known| *known == name.as_str())?;
        if values.get_mut(place)?.replace(value.decimal().ok()?).is_some() {
            return None;
        }
    }
    Some(values)
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

    #[test]
    fn parameters_are_known_and_named_once() {
        let read = |text: &str| parameters(&text.parse().unwrap(), ["m", "t"]);
        assert_eq!(read("m=1,t=2"), Some([Some(1), Some(2)]));
        assert_eq!(read("t=2"), Some([None, Some(2)]));
        for refused in ["m=1,m=1", "m=1,x=2", "m=x", "m=01", "m=4294967296", "m=+1"] {
            assert_eq!(read(refused), None, "{refused}");
        }
    }
}
