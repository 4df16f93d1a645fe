//! Opaque tokens: `tda_…` for access and `tdr_…` for refresh.
//!
//! After the prefix stand, in base64url without padding: the session id (16 bytes), the generation
//! (4, big-endian), the secret (32) and a checksum (4). What protects is the secret, with 256 random bits
//! (ASVS 5.0 7.2.3).

use std::fmt;
use std::marker::PhantomData;

use uuid::Uuid;

use super::encoding;
use crate::model::{Digest, SessionId};
use crate::secret::Secret;

/// A kind of token. The kinds are different types, so that one is never taken for the other.
pub trait Kind: Copy + Send + Sync + 'static {
    /// What the text of such a token starts with.
    const PREFIX: &'static str;
}

/// Sent with requests.
#[derive(Clone, Copy, Debug)]
pub struct Access;

impl Kind for Access {
    const PREFIX: &'static str = "tda_";
}

/// Exchanged for the next pair.
#[derive(Clone, Copy, Debug)]
pub struct Refresh;

impl Kind for Refresh {
    const PREFIX: &'static str = "tdr_";
}

/// A token of a session, with its secret. `Debug` shows the session and the generation only.
#[derive(Clone)]
pub struct OpaqueToken<K: Kind> {
    pub(crate) session: SessionId,
    pub(crate) generation: u32,
    secret: Secret<[u8; 32]>,
    kind: PhantomData<K>,
}

/// An opaque token that is sent with requests.
pub type AccessToken = OpaqueToken<Access>;

/// An opaque token that is exchanged for the next pair.
pub type RefreshToken = OpaqueToken<Refresh>;

/// A text is no token of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a token as it was issued, unchanged")]
pub struct MalformedToken;

const ID_BYTES: usize = 16;
const GENERATION_BYTES: usize = 4;
const SECRET_BYTES: usize = 32;
const PAYLOAD_BYTES: usize = ID_BYTES + GENERATION_BYTES + SECRET_BYTES;

impl<K: Kind> OpaqueToken<K> {
    pub(crate) const fn new(session: SessionId, generation: u32, secret: Secret<[u8; 32]>) -> Self {
        Self { session, generation, secret, kind: PhantomData }
    }

    /// Reads a token. One text is read as one token only: no other case, padding, white space or
    /// spelling of the same bits is taken.
    ///
    /// # Errors
    ///
    /// [`MalformedToken`] for anything that was not printed by [`OpaqueToken::reveal`].
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let payload = encoding::read::<PAYLOAD_BYTES>(K::PREFIX, text)?;
        let (id, rest) = payload.split_first_chunk::<ID_BYTES>().ok_or(MalformedToken)?;
        let (generation, secret) =
            rest.split_first_chunk::<GENERATION_BYTES>().ok_or(MalformedToken)?;
        let secret: [u8; SECRET_BYTES] = secret.try_into().map_err(|_| MalformedToken)?;
        Ok(Self::new(
            SessionId::from_uuid(Uuid::from_bytes(*id)),
            u32::from_be_bytes(*generation),
            Secret::new(secret),
        ))
    }

    /// The token as a text, for its holder.
    #[must_use]
    pub fn reveal(&self) -> Secret<String> {
        let id = self.session.as_uuid().as_bytes();
        encoding::print(K::PREFIX, &[id, &self.generation.to_be_bytes(), self.secret.expose()])
    }

    /// The session that the token claims to belong to.
    #[must_use]
    pub const fn session(&self) -> SessionId {
        self.session
    }

    pub(crate) const fn secret(&self) -> &Secret<[u8; 32]> {
        &self.secret
    }

    /// What is stored in the secret's place.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.secret.expose())
    }
}

impl<K: Kind> fmt::Debug for OpaqueToken<K> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}#{}", K::PREFIX, self.session, self.generation)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(id: u128, generation: u32, secret: [u8; 32]) -> AccessToken {
        let id = SessionId::from_uuid(Uuid::from_u128(id));
        AccessToken::new(id, generation, Secret::new(secret))
    }

    proptest! {
        #[test]
        fn what_is_revealed_parses_back(id: u128, generation: u32, secret: [u8; 32]) {
            let text = token(id, generation, secret).reveal();
            let read = AccessToken::parse(text.expose()).unwrap();
            prop_assert_eq!(read.session.as_uuid().as_u128(), id);
            prop_assert_eq!(read.generation, generation);
            prop_assert_eq!(read.secret.expose(), &secret);
            prop_assert_eq!(text.expose().len(), 79);
        }

        #[test]
        fn a_refresh_token_is_printed_as_the_text_that_it_was_read_from(
            generation: u32,
            secret: [u8; 32],
        ) {
            let id = SessionId::from_uuid(Uuid::from_u128(7));
            let text = RefreshToken::new(id, generation, Secret::new(secret)).reveal();
            let read = RefreshToken::parse(text.expose()).unwrap();
            prop_assert!(read.reveal().same_as(&text));
            prop_assert!(AccessToken::parse(text.expose()).is_err());
        }

        #[test]
        fn a_changed_character_is_noticed(secret: [u8; 32], at in 0usize..79, by in 1u8..127) {
            let text = token(7, 3, secret).reveal();
            let mut changed = text.expose().clone().into_bytes();
            changed[at] = (changed[at] + by) % 128;
            let changed = String::from_utf8(changed).unwrap();
            prop_assume!(&changed != text.expose());
            prop_assert!(AccessToken::parse(&changed).is_err());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "(tda_)?\\PC{0,200}") {
            prop_assert!(AccessToken::parse(&text).is_err());
        }
    }

    #[test]
    fn the_kinds_are_not_taken_for_each_other() {
        let text = token(1, 0, [9; 32]).reveal();
        let renamed = text.expose().replace("tda_", "tdr_");
        assert!(RefreshToken::parse(text.expose()).is_err());
        assert!(RefreshToken::parse(&renamed).is_err(), "the prefix is part of the checksum");
    }

    #[test]
    fn cut_extended_recased_and_encoded_tokens_are_refused() {
        let text = token(1, 0, [9; 32]).reveal().expose().clone();
        let cut = text.get(..78).unwrap().to_owned();
        let variants = [
            cut,
            format!("{text}A"),
            format!("{text}="),
            format!(" {text}"),
            format!("{text}\n"),
            text.to_uppercase(),
            text.to_lowercase(),
            text.replace('_', "%5F"),
            String::new(),
        ];
        for variant in variants {
            assert!(AccessToken::parse(&variant).is_err(), "{variant:?} was taken");
        }
    }

    #[test]
    fn a_token_prints_without_its_secret() {
        let shown = format!("{:?}", token(1, 4, [0xAB; 32]));
        assert_eq!(shown, "tda_00000000-0000-0000-0000-000000000001#4");
    }
}
