//! Looking users up.

use crate::model::{EmailKey, UserId};

/// Looks a user up by id or e-mail address.
///
/// The reply is the record as of now: a commit that was acknowledged before the look-up began is
/// seen (no reading from a lagging replica). Keys are compared byte for byte, whatever the collation
/// of the database.
#[derive(Clone, Debug)]
pub struct FindUser {
    /// Whom to look for.
    pub key: UserKey,
}

/// How a user is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserKey {
    /// By id.
    Id(UserId),
    /// By canonical e-mail address.
    Email(EmailKey),
}
