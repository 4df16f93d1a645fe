//! Several keys, told apart by their ids: how keys are rotated.

use super::{SigningKey, VerifyingKey};
use crate::token::jwt::error::KeyError;

/// Keys that tokens are verified with, by their ids. A token names its key, and is verified with that
/// one or refused.
#[derive(Clone, Debug, Default)]
pub struct VerifyingKeys(Vec<VerifyingKey>);

impl VerifyingKeys {
    /// A set of keys.
    ///
    /// # Errors
    ///
    /// When two have the same id.
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        keys.into_iter().try_fold(Self::default(), Self::with)
    }

    /// The set with one key more.
    ///
    /// # Errors
    ///
    /// When a key of that id is there.
    pub fn with(mut self, key: VerifyingKey) -> Result<Self, KeyError> {
        if self.find(key.id()).is_some() {
            return Err(KeyError::Repeated);
        }
        self.0.push(key);
        Ok(self)
    }

    /// The keys, in the order in which they were put in.
    pub fn iter(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.0.iter()
    }

    /// The key of this id.
    pub(in crate::token::jwt) fn find(&self, id: &str) -> Option<&VerifyingKey> {
        self.0.iter().find(|key| key.id() == id)
    }
}

/// The key that tokens are made with, and those that verify: its own, and others, older or newer.
///
/// To rotate: give the new key to every node as [`KeySet::and_verify_with`] first, then let it sign,
/// with the old one to verify; when all tokens of the old one have expired, take it out.
#[derive(Clone, Debug)]
pub struct KeySet {
    signing: SigningKey,
    verifying: VerifyingKeys,
}

impl KeySet {
    /// One key that signs and verifies.
    #[must_use]
    pub fn new(signing: SigningKey) -> Self {
        let verifying = VerifyingKeys(vec![signing.verifying_key().clone()]);
        Self { signing, verifying }
    }

    /// The set with one key more that verifies only.
    ///
    /// # Errors
    ///
    /// When a key of that id is there.
    pub fn and_verify_with(self, key: VerifyingKey) -> Result<Self, KeyError> {
        Ok(Self { verifying: self.verifying.with(key)?, ..self })
    }

    /// The key that tokens are made with.
    #[must_use]
    pub const fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The keys that tokens are verified with.
    #[must_use]
    pub const fn verifying(&self) -> &VerifyingKeys {
        &self.verifying
    }
}
