//! Hashing as commands, so that a driver can run it where it blocks nobody.

use crate::password::{Password, PasswordHash, Salt};

/// Compares a password with a stored hash.
///
/// Carried out by [`HasherChain::verify`](crate::password::HasherChain::verify); a driver only
/// chooses where it runs and how many run at once. When it cannot run (the queue is full), the
/// driver reports a fault: it never answers in the hasher's place.
#[derive(Debug)]
pub struct VerifyPassword {
    /// What was presented.
    pub password: Password,
    /// What it is held against.
    pub against: Against,
}

/// What a presented password is held against.
#[derive(Clone, Debug)]
pub enum Against {
    /// The hash of the account.
    Stored(PasswordHash),
    /// Nobody: there is no such account, or it has no password. As much work is spent as on a hash
    /// of the current settings, so that the time taken says nothing (ASVS 5.0 6.3.8).
    Nobody,
}

/// How a password compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordVerdict {
    /// It is the right one.
    Valid {
        /// The stored hash is not of the current algorithm or settings and should be replaced.
        outdated: bool,
    },
    /// It is not the right one.
    Invalid,
    /// The stored hash is malformed, of an unknown scheme or beyond the bounds of what may be
    /// computed. It counts as a wrong password and is told apart for the audit log only.
    Unreadable,
}

/// Hashes a password with the preferred hasher.
///
/// Carried out by [`HasherChain::hash`](crate::password::HasherChain::hash). The reply is the hash, or
/// that the preferred scheme cannot take this password: no fault, since another password will do.
#[derive(Debug)]
pub struct HashPassword {
    /// The password to store.
    pub password: Password,
    /// Fresh salt, from the flow's entropy.
    pub salt: Salt,
}

/// The preferred scheme would not take the whole of a password, so it does not take it at all.
///
/// Argon2id takes every password, and so does any scheme behind a
/// [`Pepper`](crate::password::Pepper).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unhashable {
    /// It is too long.
    #[error("expected at most {most} bytes")]
    TooLong {
        /// The most bytes that the scheme takes.
        most: usize,
    },
    /// It holds something that the scheme would confuse with another password.
    #[error("expected {expected}")]
    Unsupported {
        /// What the scheme takes.
        expected: &'static str,
    },
}
