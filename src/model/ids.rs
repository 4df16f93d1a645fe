//! Identifiers, counters and digests, each a type of its own.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Digest as _;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::time::Timestamp;

/// Declares an identifier: a UUID of version 7, ordered by the time it was made.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Wraps a UUID that was stored or received.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID itself.
            #[must_use]
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// Identifies a user, for ever. Not a secret, and never an authorisation.
    UserId
}

id! {
    /// Identifies a session. Not a secret: the tokens carry one besides.
    SessionId
}

id! {
    /// Identifies an invitation. Not a secret: the link is signed.
    InvitationId
}

id! {
    /// Identifies an API key. Not a secret: the key carries one besides.
    ApiKeyId
}

id! {
    /// Identifies an onboarding session. Not a secret: its token carries one besides.
    OnboardingId
}

impl OnboardingId {
    /// The id of the one session that there may be of some parts, an account for example: who knows the parts
    /// finds it, and a second one takes its place.
    ///
    /// A UUID of version 8 (RFC 9562 5.8): the SHA-256 of label and parts, each behind its length, so that no two
    /// lists of parts give the same input.
    pub(crate) fn derived(label: &str, parts: &[&[u8]]) -> Self {
        let mut hash = sha2::Sha256::new();
        for part in std::iter::once(&label.as_bytes()).chain(parts) {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let first = digest.first_chunk().copied().unwrap_or_default();
        Self(uuid::Builder::from_custom_bytes(first).into_uuid())
    }
}

id! {
    /// Identifies a message; a receiver that sees an id twice has been told the same thing twice.
    MessageId
}

id! {
    /// Identifies an event; a consumer that sees an id twice has been told the same thing twice.
    EventId
}

/// Declares a counter that goes up by one, from 0 to at most `i64::MAX`, which is as far as databases
/// count.
macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Where it starts.
            pub const FIRST: Self = Self(0);

            /// Wraps a stored number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number to store.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// One further.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    };
}

counter! {
    /// How often a record was written: goes up by one with each replacement.
    Version
}

counter! {
    /// A user's security epoch: every token carries the one it was issued under and dies with it.
    ///
    /// It goes up when the password, the e-mail address or a factor changes, on deactivation and on
    /// "sign out everywhere".
    Epoch
}

impl Epoch {
    /// The one that begins at a moment: the moment itself in milliseconds, or one further where that is no further.
    ///
    /// # Security
    ///
    /// No epoch comes twice. A store that fails over to a replica may lose its last writes, and then an epoch that
    /// had begun is undone. Were the next one the same number, tokens of the lost moment would live again when
    /// somebody signs out everywhere, which is what should end them.
    #[must_use]
    pub const fn beginning_at(self, now: Timestamp) -> Self {
        let (next, moment) = (self.next().0, now.as_millis());
        Self(if moment > next { moment } else { next })
    }

    /// The moment that gave it its number: when it began, or so many milliseconds later as others had begun just before.
    pub(crate) const fn moment(self) -> Timestamp {
        Timestamp::from_millis(self.0)
    }
}

counter! {
    /// How many links of one kind were asked for: only the last one counts.
    LinkSerial
}

/// The SHA-256 of a random token secret: what is stored in the secret's place.
///
/// A plain hash is enough because the secret has 256 random bits (ASVS 5.0 6.5.2). `==` takes the
/// same time wherever the digests differ; `Debug` is redacted.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a secret.
    #[must_use]
    pub fn of(secret: &[u8]) -> Self {
        Self(sha2::Sha256::digest(secret).into())
    }

    /// Wraps a stored digest.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Digest([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_is_of_its_label_and_its_parts_wherever_one_ends() {
        let id = |label: &str, parts: &[&[u8]]| OnboardingId::derived(label, parts);
        assert_eq!(id("totp", &[b"ada"]), id("totp", &[b"ada"]));
        assert_eq!(id("totp", &[]).as_uuid().get_version_num(), 8);
        let all: std::collections::BTreeSet<_> = [
            id("totp", &[b"ada"]),
            id("totp", &[b"bob"]),
            id("other", &[b"ada"]),
            id("totp", &[b"a", b"da"]),
            id("totp", &[b"ad", b"a"]),
            id("totpada", &[]),
            id("", &[b"totp", b"ada"]),
        ]
        .into();
        assert_eq!(all.len(), 7);
    }
}
