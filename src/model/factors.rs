//! What an account has besides its password: a second factor, codes for when it is lost, terms that its owner
//! accepted.

use std::fmt;

use crate::time::Timestamp;

/// An authenticator app that an account is bound to (RFC 6238).
#[derive(Clone, PartialEq, Eq)]
pub struct TotpFactor {
    /// The seed, encrypted under the key ring for this account: who reads the database makes no codes with it.
    pub sealed_seed: Vec<u8>,
    /// The step of the last code that was accepted. Only codes of later steps count (RFC 6238 5.2).
    pub last_step: u64,
    /// Since when the account is bound to it.
    pub enrolled_at: Timestamp,
}

/// Shows that there is a seed, and no byte of it.
impl fmt::Debug for TotpFactor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TotpFactor")
            .field("last_step", &self.last_step)
            .field("enrolled_at", &self.enrolled_at)
            .finish_non_exhaustive()
    }
}

/// The terms of service, as an account's owner accepted them last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedTerms {
    /// Which version.
    pub version: String,
    /// When.
    pub at: Timestamp,
}
