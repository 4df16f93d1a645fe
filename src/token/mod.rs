//! Tokens: what a client holds to prove that it signed in.

mod api_key;
pub mod backend;
pub mod csrf;
mod encoding;
pub(crate) mod issue;
#[cfg(feature = "jwt")]
pub mod jwt;
mod onboarding;
mod opaque;
mod ratchet;

pub use api_key::ApiKeyToken;
pub use onboarding::OnboardingToken;
pub use opaque::{Access, AccessToken, Kind, MalformedToken, OpaqueToken, Refresh, RefreshToken};

use crate::secret::Secret;
use crate::time::Duration;

/// A pair of tokens as it goes to the client. `Debug` is redacted.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Sent with every request.
    pub access: Secret<String>,
    /// Exchanged for the next pair; of use once.
    pub refresh: Secret<String>,
    /// How long the access token lasts from now.
    pub expires_in: Duration,
}
