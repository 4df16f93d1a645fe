//! The user record.

use serde::de::DeserializeOwned;

use super::{Email, Epoch, JsonObject, UserId, Version};
use crate::command::Standing;
use crate::password::PasswordHash;
use crate::time::Timestamp;

/// A person, or whatever else signs in.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// For ever the same.
    pub id: UserId,
    /// As typed, and the canonical key that is unique among all users.
    pub email: Email,
    /// The stored hash, or the mark that there is no usable password.
    pub password: PasswordHash,
    /// Whether the account may be used. Turning it off raises the epoch.
    pub is_active: bool,
    /// Whether the e-mail address was proved to be the user's.
    pub is_verified: bool,
    /// The last successful sign-in.
    pub last_login: Option<Timestamp>,
    /// When the person joined; for imported users, when they joined the old system.
    pub joined_at: Timestamp,
    /// When this record was made.
    pub created_at: Timestamp,
    /// When this record was last changed other than by signing in.
    pub updated_at: Timestamp,
    /// What the application keeps about the user. Flows never read it.
    pub profile: JsonObject,
    /// The security epoch.
    pub epoch: Epoch,
    /// How often the record was written.
    pub version: Version,
}

impl User {
    /// The profile as a type of the application's.
    ///
    /// # Errors
    ///
    /// When the profile does not fit `P`; the message names the field.
    pub fn profile_as<P: DeserializeOwned>(&self) -> Result<P, serde_json::Error> {
        serde_json::from_value(serde_json::Value::Object(self.profile.clone()))
    }

    /// What token checks need to know.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        Standing { epoch: self.epoch, is_active: self.is_active }
    }
}
