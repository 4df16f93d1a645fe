//! The onboarding session record: somebody on the way to an account, or into one.

use std::fmt;

use super::{Digest, OnboardingId, Version};
use crate::time::Timestamp;

/// Somebody who has steps to take before they are let in: to register, or to sign in.
///
/// How far they are, and what they said so far, is encrypted under the key ring: who reads the database finds
/// neither a seed nor a half-made account.
#[derive(Clone, PartialEq, Eq)]
pub struct OnboardingSession {
    /// Names it. The token carries the id and a secret.
    pub id: OnboardingId,
    /// Digest of the token's secret.
    pub digest: Digest,
    /// The state, sealed for this very version of this record; at most
    /// [`OnboardingSession::MAX_SEALED_BYTES`].
    pub sealed: Vec<u8>,
    /// When it was started.
    pub created_at: Timestamp,
    /// The first moment at which it counts no more.
    pub expires_at: Timestamp,
    /// How often the record was written.
    pub version: Version,
}

impl OnboardingSession {
    /// The most bytes that a store must hold of one state.
    pub const MAX_SEALED_BYTES: usize = 64 * 1024;
}

/// Shows how long the state is, and not each of its bytes.
impl fmt::Debug for OnboardingSession {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OnboardingSession")
            .field("id", &self.id)
            .field("sealed", &format_args!("{} bytes", self.sealed.len()))
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
