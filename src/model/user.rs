//! The user record.

use serde::de::DeserializeOwned;

use super::{
    AcceptedTerms, Digest, Email, Epoch, JsonObject, LinkSerial, TotpFactor, UserId, Version,
};
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
    /// Whether the next sign-in must bring a new password.
    pub must_change_password: bool,
    /// The authenticator app that it is bound to, if any.
    pub totp: Option<TotpFactor>,
    /// Digests of the recovery codes that were not used yet: at most [`User::MAX_RECOVERY_CODES`].
    pub recovery_codes: Vec<Digest>,
    /// The terms that its owner accepted last.
    pub terms: Option<AcceptedTerms>,
    /// How many password resets were asked for: only the link of the last one counts.
    pub reset_serial: LinkSerial,
    /// The address that the account had before, while its owner may take the account back to it.
    pub previous_email: Option<PreviousEmail>,
    /// When the account is removed, if its owner closed it. Until then nobody can use it, and its owner
    /// may change their mind.
    pub closes_at: Option<Timestamp>,
    /// The last successful sign-in.
    pub last_login: Option<Timestamp>,
    /// When the person joined; for imported users, when they joined the old system.
    pub joined_at: Timestamp,
    /// When the account was made; for imported users, in the old system.
    pub created_at: Timestamp,
    /// When this record was last changed other than by signing in or by asking for a link.
    pub updated_at: Timestamp,
    /// What the application keeps about the user. Flows never read it.
    pub profile: JsonObject,
    /// The security epoch.
    pub epoch: Epoch,
    /// How often the record was written.
    pub version: Version,
}

/// An address that an account moved away from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousEmail {
    /// The address, as it was.
    pub email: Email,
    /// The first moment at which the account can no longer be taken back to it.
    pub until: Timestamp,
}

impl User {
    /// How many recovery codes a user may have.
    pub const MAX_RECOVERY_CODES: usize = 10;

    /// The record of a new account: active, not verified, with an empty profile.
    #[must_use]
    pub fn new(id: UserId, email: Email, password: PasswordHash, now: Timestamp) -> Self {
        Self {
            id,
            email,
            password,
            is_active: true,
            is_verified: false,
            must_change_password: false,
            totp: None,
            recovery_codes: Vec::new(),
            terms: None,
            reset_serial: LinkSerial::FIRST,
            previous_email: None,
            closes_at: None,
            last_login: None,
            joined_at: now,
            created_at: now,
            updated_at: now,
            profile: JsonObject::new(),
            epoch: Epoch::FIRST,
            version: Version::FIRST,
        }
    }

    /// Whether the account may be used: it was neither deactivated nor closed.
    #[must_use]
    pub const fn may_be_used(&self) -> bool {
        self.is_active && self.closes_at.is_none()
    }

    /// The profile as a type of the application's.
    ///
    /// # Errors
    ///
    /// When the profile does not fit `P`; the message names the field.
    pub fn profile_as<P: DeserializeOwned>(&self) -> Result<P, serde_json::Error> {
        serde_json::from_value(serde_json::Value::Object(self.profile.clone()))
    }

    /// The record of this user with another password: all tokens from before are dead.
    pub(crate) fn with_new_password(self, password: PasswordHash, now: Timestamp) -> Self {
        Self { password, must_change_password: false, ..self }.with_new_epoch(now)
    }

    /// Whether a second factor can be asked for.
    #[must_use]
    pub const fn has_second_factor(&self) -> bool {
        self.totp.is_some()
    }

    /// The record of this user with the serial of another reset link: those from before count no more.
    /// Everything else goes on, since anybody may ask for one.
    pub(crate) fn with_new_reset_serial(self) -> Self {
        let (reset_serial, version) = (self.reset_serial.next(), self.version.next());
        Self { reset_serial, version, ..self }
    }

    /// The record of this user in the next epoch: all tokens from before are dead.
    pub(crate) fn with_new_epoch(self, now: Timestamp) -> Self {
        let (epoch, version) = (self.epoch.beginning_at(now), self.version.next());
        Self { epoch, version, updated_at: now, ..self }
    }

    /// The same record, written once more: of all who write it so at once, one does. What a flow counts of
    /// a user's is counted exactly that way.
    pub(crate) fn with_next_version(self) -> Self {
        Self { version: self.version.next(), ..self }
    }

    /// What token checks need to know.
    #[must_use]
    pub const fn standing(&self) -> Standing {
        Standing { epoch: self.epoch, is_active: self.may_be_used() }
    }
}
