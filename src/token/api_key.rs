//! API keys as texts: `tdk_…`.
//!
//! After the prefix stand, in base64url without padding: the key's id (16 bytes), the secret (32) and a
//! checksum (4). What protects is the secret, with 256 random bits.

use std::fmt;

use uuid::Uuid;

use super::{MalformedToken, encoding};
use crate::model::{ApiKeyId, Digest};
use crate::secret::Secret;

/// An API key with its secret. `Debug` shows the id only.
///
/// It is no token of a session, and the types keep them apart: neither is ever read as the other.
#[derive(Clone)]
pub struct ApiKeyToken {
    id: ApiKeyId,
    secret: Secret<[u8; SECRET_BYTES]>,
}

const PREFIX: &str = "tdk_";
const ID_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

impl ApiKeyToken {
    pub(crate) const fn new(id: ApiKeyId, secret: Secret<[u8; SECRET_BYTES]>) -> Self {
        Self { id, secret }
    }

    /// Reads a key. One text is read as one key only: no other case, padding, white space or spelling of
    /// the same bits is taken.
    ///
    /// # Errors
    ///
    /// [`MalformedToken`] for anything that was not printed by [`ApiKeyToken::reveal`].
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let payload = encoding::read::<{ ID_BYTES + SECRET_BYTES }>(PREFIX, text)?;
        let (id, secret) = payload.split_first_chunk::<ID_BYTES>().ok_or(MalformedToken)?;
        let secret: [u8; SECRET_BYTES] = secret.try_into().map_err(|_| MalformedToken)?;
        Ok(Self::new(ApiKeyId::from_uuid(Uuid::from_bytes(*id)), Secret::new(secret)))
    }

    /// The key as a text, for its holder.
    #[must_use]
    pub fn reveal(&self) -> Secret<String> {
        encoding::print(PREFIX, &[self.id.as_uuid().as_bytes(), self.secret.expose()])
    }

    /// The record that the key claims to belong to.
    #[must_use]
    pub const fn id(&self) -> ApiKeyId {
        self.id
    }

    /// What is stored in the secret's place.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.secret.expose())
    }
}

impl fmt::Debug for ApiKeyToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::SessionId;
    use crate::token::AccessToken;

    fn key(id: u128, secret: [u8; 32]) -> ApiKeyToken {
        ApiKeyToken::new(ApiKeyId::from_uuid(Uuid::from_u128(id)), Secret::new(secret))
    }

    proptest! {
        #[test]
        fn a_revealed_key_parses_back(id: u128, secret: [u8; 32]) {
            let text = key(id, secret).reveal();
            let read = ApiKeyToken::parse(text.expose()).unwrap();
            prop_assert_eq!(read.id().as_uuid().as_u128(), id);
            prop_assert_eq!(read.secret.expose(), &secret);
            prop_assert_eq!(text.expose().len(), 74);
        }

        #[test]
        fn a_changed_character_of_a_key_is_noticed(
            secret: [u8; 32],
            at in 0usize..74,
            by in 1u8..127,
        ) {
            let text = key(7, secret).reveal();
            let mut changed = text.expose().clone().into_bytes();
            changed[at] = (changed[at] + by) % 128;
            let changed = String::from_utf8(changed).unwrap();
            prop_assume!(&changed != text.expose());
            prop_assert!(ApiKeyToken::parse(&changed).is_err());
        }

        #[test]
        fn no_text_makes_the_parser_of_keys_panic(text in "(tdk_)?\\PC{0,200}") {
            prop_assert!(ApiKeyToken::parse(&text).is_err());
        }
    }

    #[test]
    fn a_key_and_a_token_of_a_session_are_not_taken_for_each_other() {
        let text = key(1, [9; 32]).reveal();
        for prefix in ["tda_", "tdr_"] {
            assert!(AccessToken::parse(&text.expose().replace(PREFIX, prefix)).is_err());
        }
        let session = SessionId::from_uuid(Uuid::from_u128(1));
        let access = AccessToken::new(session, 0, Secret::new([9; 32])).reveal();
        assert!(ApiKeyToken::parse(access.expose()).is_err());
        assert!(ApiKeyToken::parse(&access.expose().replace("tda_", PREFIX)).is_err());
    }

    #[test]
    fn a_key_prints_without_its_secret() {
        let shown = format!("{:?}", key(1, [0xAB; 32]));
        assert_eq!(shown, "tdk_00000000-0000-0000-0000-000000000001");
    }
}
