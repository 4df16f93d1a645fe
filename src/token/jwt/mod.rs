//! Signed tokens (JWT, RFC 7519), made and verified by pure functions.
//!
//! The flows use them by way of [`JwtBackend`](super::backend::JwtBackend) and
//! [`HybridBackend`](super::backend::HybridBackend), which are a setting.
//!
//! ```
//! use testudo::token::jwt::{Claims, KeySet, Profile, SigningKey, TokenType, issue, verify};
//! use testudo::{Duration, Secret, Timestamp};
//!
//! # let secret = Secret::new((0..32).collect::<Vec<u8>>());
//! let keys = KeySet::new(SigningKey::hs256(&secret)?); // 32 random bytes
//! let access = Profile::new(TokenType::AccessJwt).issuer("https://id.example.com");
//!
//! let now = Timestamp::from_millis(1_700_000_000_000);
//! let claims = Claims {
//!     subject: "ada".into(),
//!     id: "d7c1b1ea".into(),
//!     issued_at: now,
//!     expires_at: now + Duration::from_minutes(15),
//!     not_before: None,
//!     extra: Default::default(),
//! };
//! let token = issue(&claims, &access, keys.signing())?;
//! let verified = verify(token.expose(), &access, keys.verifying(), now)?;
//! assert_eq!(verified.claims(), &claims);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is taken
//!
//! One spelling only of what [`issue`] makes, in the way of RFC 8725: at most [`MAX_TOKEN_BYTES`]; three
//! parts in canonical base64url; a header of exactly `alg`, `typ` and `kid`; `sub`, `jti`, `iat`, `exp` and
//! `token_type` always, each of its JSON type and once. **The algorithm comes from the key**, which the
//! token names and can neither bring nor choose: a header that says otherwise is refused, and `none` is no
//! algorithm here. Claims that are not understood are ignored (RFC 7519 4).
//!
//! # Features
//!
//! `jwt` has HMAC and brings no dependency. `jwt-signatures` adds Ed25519, and the verifying of ECDSA and RSA
//! by the crate `jsonwebtoken` on AWS-LC, which takes a C compiler to build. Neither is on by default: what
//! is not built cannot be misused.

mod algorithm;
mod claims;
mod error;
mod header;
mod issue;
mod key;
mod profile;
mod session;
mod strict_json;
mod verify;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use error::{IssueError, JwtError, KeyError};
pub use issue::issue;
pub(crate) use issue::issue_session;
#[cfg(feature = "jwt-signatures")]
pub use key::{Jwk, JwkParameters, JwkSet, JwkUse};
pub use key::{KeySet, SigningKey, VerifyingKey, VerifyingKeys};
pub use profile::{Profile, TokenType};
pub(crate) use session::SessionClaims;
pub use verify::{Verified, verify};

/// The most bytes that a token may have. Longer ones are refused before anything is read.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
