//! Asking the system that an account comes from.

use crate::model::Email;
use crate::password::Password;

/// Asks the old system whether a password is right there.
///
/// For accounts that moved without a hash
/// ([`PasswordHash::legacy`](crate::password::PasswordHash::legacy)): the first sign-in asks where the
/// password still lives, and stores a hash of its own if it is right. It is asked after the attempt was
/// counted, and only for such accounts.
///
/// What an answerer must uphold: the answer is about this very password, and `Right` means that the
/// old system would let its owner in. A system that does not answer in good time is a fault, never
/// `Wrong`: a fault says "later", and `Wrong` counts against the account. Asking changes nothing
/// there: the same question may come twice.
///
/// # Security
///
/// The password leaves the process. Ask over TLS, and log nothing of it.
#[derive(Debug)]
pub struct ConsultLegacy {
    /// The address of the account, as it is stored here.
    pub email: Email,
    /// What was presented.
    pub password: Password,
}

/// What the old system says of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyVerdict {
    /// It is the account's.
    Right,
    /// It is not, or the old system does not know the account or would not let it in.
    Wrong,
}
