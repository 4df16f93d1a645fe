//! The form of tokens, as a setting: [`TokenBackend`].
//!
//! | backend | access token | refresh token | records | `authenticate` |
//! |---|---|---|---|---|
//! | [`OpaqueBackend`] (the default) | opaque | opaque | every session | one read |
//! | `JwtBackend`, as it is made | JWT | JWT | none | asks nothing |
//! | `JwtBackend` with a denylist | JWT | JWT | exceptions | one read |
//! | `JwtBackend`, recorded | JWT | JWT | every session | one read |
//! | `HybridBackend` | JWT | opaque | every session | asks nothing |
//!
//! What ends a token, and when, stands in a table of `docs/security.md`.

#[cfg(feature = "jwt")]
mod hybrid;
#[cfg(feature = "jwt")]
mod jwt;
mod opaque;
#[cfg(feature = "jwt")]
mod session_jwt;

#[cfg(feature = "jwt")]
pub use hybrid::HybridBackend;
#[cfg(feature = "jwt")]
pub use jwt::JwtBackend;
pub use opaque::OpaqueBackend;

use std::fmt::Debug;

use super::{Access, AccessToken, Kind, OpaqueToken, Refresh, RefreshToken, Tokens};
use crate::model::{Session, SessionId};
use crate::refusal::{FieldError, Refusal};
use crate::time::Timestamp;

/// How tokens are written and read, and what is recorded of the sessions behind them.
///
/// Every flow works with every backend: it reads a token, looks the session up where
/// [`records`](Self::records) says that there may be a record, and has the next pair printed. A record
/// that stands always counts, and what the token says counts only where there is none.
///
/// What a backend must uphold:
///
/// * **One text, one reading.** What [`print`](Self::print) gives, and nothing else, is read, by the
///   same kind of reader only: an access token is no refresh token.
/// * **[`Presented::Signed`] is proof.** It is returned only for a text whose every part is under a
///   signature or MAC that was checked, in constant time, and which has not expired at the moment given.
///   The session in it is that of the record at the time of printing: same id, user, epoch, generation,
///   methods and moments. A field that cannot be known is left as unknown ([`Client::unknown`](crate::Client::unknown),
///   digests of all zeros), never guessed.
/// * **The same session, the same texts.** `print` draws no randomness and looks at no clock, so that a
///   refresh whose answer was lost gets the same pair once more.
///
/// ```
/// use testudo::token::backend::{
///     OpaqueBackend, Pair, Presented, Records, TokenBackend, Unprintable,
/// };
/// use testudo::token::{Access, Refresh, Tokens};
/// use testudo::{Refusal, Secret, Timestamp};
///
/// /// Opaque tokens under a prefix of our own, for the scanners that look for leaked ones.
/// #[derive(Debug)]
/// struct Branded;
///
/// const BRAND: &str = "acme_";
///
/// impl TokenBackend for Branded {
///     fn records(&self) -> Records {
///         OpaqueBackend.records()
///     }
///     fn trusts_signed_access(&self) -> bool {
///         OpaqueBackend.trusts_signed_access()
///     }
///     fn print(&self, pair: &Pair<'_>) -> Result<Tokens, Unprintable> {
///         let brand = |text: Secret<String>| Secret::new(format!("{BRAND}{}", text.expose()));
///         let Tokens { access, refresh, expires_in } = OpaqueBackend.print(pair)?;
///         Ok(Tokens { access: brand(access), refresh: brand(refresh), expires_in })
///     }
///     fn read_access(&self, text: &str, now: Timestamp) -> Result<Presented<Access>, Refusal> {
///         let text = text.strip_prefix(BRAND).ok_or(Refusal::InvalidToken)?;
///         OpaqueBackend.read_access(text, now)
///     }
///     fn read_refresh(&self, text: &str, now: Timestamp) -> Result<Presented<Refresh>, Refusal> {
///         let text = text.strip_prefix(BRAND).ok_or(Refusal::InvalidToken)?;
///         OpaqueBackend.read_refresh(text, now)
///     }
/// }
///
/// # use std::sync::Arc;
/// # use testudo::{KeyRing, Policy, Settings};
/// # let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x")?;
/// let settings = Settings::new(Policy::default(), keys).unwrap().with_tokens(Arc::new(Branded));
/// # Ok::<(), testudo::KeyRingError>(())
/// ```
pub trait TokenBackend: Debug + Send + Sync {
    /// Which sessions have records. The same at every call.
    fn records(&self) -> Records;

    /// Whether [`authenticate`](crate::flow::authenticate) takes a signed access token at its word,
    /// without a look at the session. The same at every call.
    ///
    /// # Security
    ///
    /// Then a session that was ended goes on until its access token expires. All other flows look.
    fn trusts_signed_access(&self) -> bool;

    /// The texts of a session's current pair.
    ///
    /// # Errors
    ///
    /// [`Unprintable`] when no token can hold what the session has to say.
    fn print(&self, pair: &Pair<'_>) -> Result<Tokens, Unprintable>;

    /// Reads an access token, at the moment `now`.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidToken`] for a text that `print` did not make, [`Refusal::ExpiredToken`] for a
    /// signed one whose time is over.
    fn read_access(&self, text: &str, now: Timestamp) -> Result<Presented<Access>, Refusal>;

    /// Reads a refresh token, at the moment `now`.
    ///
    /// A signed one is read until the absolute end of its session, spent and idle ones too: whether it
    /// is still worth something is the flow's to say, and a spent one that comes back must be known.
    ///
    /// # Errors
    ///
    /// As [`read_access`](Self::read_access).
    fn read_refresh(&self, text: &str, now: Timestamp) -> Result<Presented<Refresh>, Refusal>;
}

/// Which sessions have a record in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records {
    /// Every session, from sign-in on. A token without a record is refused.
    Every,
    /// Those only of which their first tokens no longer tell the truth: that were ended, refreshed, or
    /// carried over a change of password. This is a denylist by session, not by the text of a token;
    /// ending all sessions of a user is one write all the same, of the user's epoch. Needs signed tokens.
    Exceptions,
    /// None. A refresh looks at the user alone: signing out everywhere, a change of password and
    /// deactivation take effect there. A single session cannot be ended. Needs signed tokens.
    Nothing,
}

/// What a presented token is, and the proof that goes with it.
#[derive(Clone, Debug)]
pub enum Presented<K: Kind> {
    /// It has a secret, of which the record knows the digest.
    Opaque(OpaqueToken<K>),
    /// Its signature was checked: this is the session as it was when the token was printed.
    Signed(Box<Session>),
}

impl<K: Kind> Presented<K> {
    /// The session that it names. Whether it is of that session is still to be shown where it is opaque.
    #[must_use]
    pub fn session(&self) -> SessionId {
        match self {
            Self::Opaque(token) => token.session,
            Self::Signed(session) => session.id,
        }
    }

    /// How often the session had been refreshed when the token was printed.
    pub(crate) const fn generation(&self) -> u32 {
        match self {
            Self::Opaque(token) => token.generation,
            Self::Signed(session) => session.generation,
        }
    }
}

/// What a pair of tokens is printed from.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The session, as it is once the pair is in force.
    pub session: &'a Session,
    /// The opaque access token of this generation; `None` after a signed refresh token was presented.
    pub access: Option<&'a AccessToken>,
    /// The opaque refresh token of this generation; `None` after a signed one was presented.
    pub refresh: Option<&'a RefreshToken>,
    /// The moment of printing, for [`Tokens::expires_in`] and nothing else.
    pub now: Timestamp,
}

/// The session says more than a token can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the claims do not fit into a token; let less travel with the session")]
pub struct Unprintable;

impl From<Unprintable> for Refusal {
    fn from(error: Unprintable) -> Self {
        Self::Invalid(vec![FieldError::new("claims", "claims_too_large", error)])
    }
}
