//! What a token is for, by whom and for whom: the same for making and for verifying.

use crate::time::Duration;

/// A kind of token. One is never taken for the other: both `typ` and `token_type` say which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenType {
    /// Sent with requests.
    AccessJwt,
    /// Exchanged for the next pair.
    RefreshJwt,
}

impl TokenType {
    /// The header's `typ`; that of access tokens is from RFC 9068.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::AccessJwt => "at+jwt",
            Self::RefreshJwt => "rt+jwt",
        }
    }

    /// The claim `token_type`.
    #[must_use]
    pub const fn claim(self) -> &'static str {
        match self {
            Self::AccessJwt => "access",
            Self::RefreshJwt => "refresh",
        }
    }

    /// Whether a header's `typ` names this kind: in any case, with or without `application/` in front
    /// (RFC 7515 4.1.9, RFC 9068 4).
    pub(super) fn is_named_by(self, typ: &str) -> bool {
        const PREFIX: &str = "application/";
        let subtype = match typ.split_at_checked(PREFIX.len()) {
            Some((prefix, subtype)) if prefix.eq_ignore_ascii_case(PREFIX) => subtype,
            _ => typ,
        };
        subtype.eq_ignore_ascii_case(self.typ())
    }
}

/// What is put into every token of a kind, and asked of each: type, issuer, audience.
///
/// ```
/// use testudo::Duration;
/// use testudo::token::jwt::{Profile, TokenType};
///
/// let access = Profile::new(TokenType::AccessJwt)
///     .issuer("https://id.example.com")
///     .audience("https://api.example.com")
///     .leeway(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub(super) token_type: TokenType,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) leeway: Duration,
    pub(super) takes_any_iat: bool,
}

impl Profile {
    /// The most leeway there is.
    pub const MAX_LEEWAY: Duration = Duration::from_secs(60);

    /// Tokens of a kind, with neither issuer nor audience, and no leeway.
    #[must_use]
    pub const fn new(token_type: TokenType) -> Self {
        let (issuer, audience, leeway) = (None, None, Duration::ZERO);
        Self { token_type, issuer, audience, leeway, takes_any_iat: false }
    }

    /// Tokens that were made in the future are taken: by a node whose clock is ahead, or before the own
    /// clock was set back.
    pub(crate) fn taking_any_iat(self) -> Self {
        Self { takes_any_iat: true, ..self }
    }

    pub(crate) const fn allowance(&self) -> Duration {
        self.leeway
    }

    pub(crate) const fn token_type(&self) -> TokenType {
        self.token_type
    }

    /// Tokens carry this `iss`; those with another or none are refused. Compared byte by byte.
    #[must_use]
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// Tokens carry this `aud`; those whose `aud` is neither it nor an array with it are refused.
    /// Compared byte by byte.
    ///
    /// # Security
    ///
    /// Set it wherever one key signs for several audiences (ASVS 5.0 9.2.4).
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        Self { audience: Some(audience.into()), ..self }
    }

    /// How far the clocks of issuer and verifier may differ; of more than [`Profile::MAX_LEEWAY`], so
    /// much counts.
    #[must_use]
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway: leeway.min(Self::MAX_LEEWAY), ..self }
    }
}
