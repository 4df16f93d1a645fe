//! Tokens of onboarding sessions: `tdo_…`.
//!
//! After the prefix stand, in base64url without padding: the id of the session (16 bytes), the secret (32) and a
//! checksum (4). What protects is the secret, with 256 random bits.

use std::fmt;

use uuid::Uuid;

use super::{MalformedToken, encoding};
use crate::model::{Digest, OnboardingId};
use crate::secret::Secret;

/// What the holder of an onboarding session goes on with. `Debug` shows the id only.
///
/// It opens nothing: it is neither read as a token of a session nor as an API key.
#[derive(Clone)]
pub struct OnboardingToken {
    id: OnboardingId,
    secret: Secret<[u8; SECRET_BYTES]>,
}

const PREFIX: &str = "tdo_";
const ID_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

impl OnboardingToken {
    pub(crate) const fn new(id: OnboardingId, secret: Secret<[u8; SECRET_BYTES]>) -> Self {
        Self { id, secret }
    }

    /// Reads a token. One text is read as one token only: no other case, padding, white space or spelling of
    /// the same bits is taken.
    ///
    /// # Errors
    ///
    /// [`MalformedToken`] for anything that was not printed by [`OnboardingToken::reveal`].
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let payload = encoding::read::<{ ID_BYTES + SECRET_BYTES }>(PREFIX, text)?;
        let (id, secret) = payload.split_first_chunk::<ID_BYTES>().ok_or(MalformedToken)?;
        let secret: [u8; SECRET_BYTES] = secret.try_into().map_err(|_| MalformedToken)?;
        Ok(Self::new(OnboardingId::from_uuid(Uuid::from_bytes(*id)), Secret::new(secret)))
    }

    /// The token as a text, for its holder.
    #[must_use]
    pub fn reveal(&self) -> Secret<String> {
        encoding::print(PREFIX, &[self.id.as_uuid().as_bytes(), self.secret.expose()])
    }

    /// The record that the token claims to belong to.
    #[must_use]
    pub const fn id(&self) -> OnboardingId {
        self.id
    }

    /// What is stored in the secret's place.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.secret.expose())
    }
}

impl fmt::Debug for OnboardingToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{PREFIX}{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::token::{AccessToken, ApiKeyToken};

    fn token(id: u128, secret: [u8; 32]) -> OnboardingToken {
        OnboardingToken::new(OnboardingId::from_uuid(Uuid::from_u128(id)), Secret::new(secret))
    }

    proptest! {
        #[test]
        fn a_revealed_onboarding_token_parses_back(id: u128, secret: [u8; 32]) {
            let text = token(id, secret).reveal();
            let read = OnboardingToken::parse(text.expose()).unwrap();
            prop_assert_eq!(read.id().as_uuid().as_u128(), id);
            prop_assert_eq!(read.secret.expose(), &secret);
        }

        #[test]
        fn no_text_makes_the_parser_of_onboarding_tokens_panic(text in "(tdo_)?\\PC{0,200}") {
            prop_assert!(OnboardingToken::parse(&text).is_err());
        }
    }

    #[test]
    fn an_onboarding_token_is_no_key_and_no_access_token_and_prints_without_its_secret() {
        let text = token(1, [9; 32]).reveal();
        assert!(ApiKeyToken::parse(&text.expose().replace(PREFIX, "tdk_")).is_err());
        assert!(AccessToken::parse(&text.expose().replace(PREFIX, "tda_")).is_err());
        let shown = format!("{:?}", token(1, [0xAB; 32]));
        assert_eq!(shown, "tdo_00000000-0000-0000-0000-000000000001");
    }
}
