//! Server-to-server: static bearer tokens, from configuration.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};

use crate::model::Digest;

/// The tokens that let other services in: none, one, or during a rotation several.
///
/// A service that presents one of them is trusted; which one does not matter. To rotate, add a new token, move
/// all services to it, and take the old one out.
///
/// ```
/// use testudo::service::ServiceTokens;
///
/// let tokens: ServiceTokens =
///     "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga,Bu4Tg7Rk2Wd9Xe1Qz6Yv3Lp8Sc5Nh0Mj".parse()?;
/// assert!(tokens.accept("Bu4Tg7Rk2Wd9Xe1Qz6Yv3Lp8Sc5Nh0Mj"));
/// assert!(!tokens.accept("Bu4Tg7Rk2Wd9Xe1Qz6Yv3Lp8Sc5Nh0M"));
/// assert!(!ServiceTokens::none().accept(""));
/// # Ok::<(), testudo::service::ServiceTokensError>(())
/// ```
///
/// # Security
///
/// A token is as good as the network that it crosses: use TLS. Make it with `testudo secret new`, give it to
/// services and to nobody else, and rotate it (ASVS 5.0 13.2.1 asks for short-lived ones where they can be
/// had). Only digests are kept, and all of them are compared, in constant time, so that the time taken says
/// neither which token it was nor how much of it was right.
#[derive(Clone, Default)]
pub struct ServiceTokens(Vec<Digest>);

/// Why a text makes no service tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceTokensError {
    /// One has less than 16 bytes, and so less than 128 bits however random it is (ASVS 5.0 11.2.3).
    #[error(
        "service token {position} is shorter than 16 bytes; make one with `testudo secret new`"
    )]
    TooShort {
        /// Which one, counted from 1.
        position: usize,
    },
    /// One could not be sent as a bearer token (RFC 6750 2.1).
    #[error("service token {position}: expected letters, digits and -._~+/ only")]
    Unfit {
        /// Which one, counted from 1.
        position: usize,
    },
    /// One stands there twice.
    #[error("service token {position} repeats an earlier one")]
    Repeated {
        /// The second of the two, counted from 1.
        position: usize,
    },
}

impl ServiceTokens {
    /// The fewest bytes a token may have.
    pub const MIN_BYTES: usize = 16;

    /// No token is accepted.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Whether there is any token that is accepted.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether the presented token is one of these.
    #[must_use]
    pub fn accept(&self, presented: &str) -> bool {
        let presented = Digest::of(presented.as_bytes());
        let is_one =
            |found: Choice, token: &Digest| found | token.as_bytes().ct_eq(presented.as_bytes());
        self.0.iter().fold(Choice::from(0), is_one).into()
    }
}

impl FromStr for ServiceTokens {
    type Err = ServiceTokensError;

    /// Reads tokens separated by commas. An empty text is none.
    fn from_str(text: &str) -> Result<Self, ServiceTokensError> {
        let mut tokens: Vec<Digest> = Vec::new();
        if text.trim().is_empty() {
            return Ok(Self(tokens));
        }
        for (position, token) in (1..).zip(text.split(',').map(str::trim)) {
            if token.len() < Self::MIN_BYTES {
                return Err(ServiceTokensError::TooShort { position });
            }
            if !token.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c)) {
                return Err(ServiceTokensError::Unfit { position });
            }
            let digest = Digest::of(token.as_bytes());
            if tokens.contains(&digest) {
                return Err(ServiceTokensError::Repeated { position });
            }
            tokens.push(digest);
        }
        Ok(Self(tokens))
    }
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ServiceTokens({})", self.0.len())
    }
}

/// What a service calls itself. It is for the audit trail: nothing is granted by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName(String);

/// A text is no name of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a service name of 1 to 64 letters, digits, dots, dashes and underscores")]
pub struct NotAServiceName;

impl ServiceName {
    /// The most characters a name may have.
    pub const MAX_LENGTH: usize = 64;

    /// The name as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceName {
    type Err = NotAServiceName;

    fn from_str(text: &str) -> Result<Self, NotAServiceName> {
        let is_fit = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.chars().all(is_fit) {
            return Err(NotAServiceName);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ServiceName {
    type Error = NotAServiceName;

    fn try_from(text: String) -> Result<Self, NotAServiceName> {
        text.parse()
    }
}

impl From<ServiceName> for String {
    fn from(name: ServiceName) -> Self {
        name.0
    }
}

#[cfg(test)]
#[allow(clippy::string_slice, reason = "the tokens are ASCII")]
mod tests {
    use super::*;

    const ONE: &str = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0Ga";
    const OTHER: &str = "Bu4Tg7Rk2Wd9Xe1Qz6Yv3Lp8Sc5Nh0Mj";

    fn parse(text: &str) -> Result<ServiceTokens, ServiceTokensError> {
        text.parse()
    }

    #[test]
    fn any_of_the_tokens_is_accepted_and_nothing_else() {
        let tokens = parse(&format!(" {ONE} , {OTHER}")).unwrap();
        assert!(tokens.accept(ONE) && tokens.accept(OTHER));
        let joined = format!("{ONE},{OTHER}");
        for other in ["", ",", &ONE[1..], &ONE.to_lowercase(), &format!("{ONE} "), &joined] {
            assert!(!tokens.accept(other), "{other:?}");
        }
    }

    #[test]
    fn without_a_token_nothing_is_accepted() {
        for none in [ServiceTokens::none(), parse("").unwrap(), parse(" ").unwrap()] {
            assert!(!none.is_enabled() && !none.accept("") && !none.accept(ONE));
        }
    }

    #[test]
    fn what_is_wrong_with_a_token_is_told_by_its_place_and_not_by_its_text() {
        use ServiceTokensError::{Repeated, TooShort, Unfit};
        let spaced = "Xq7Lw2Vb9Kd4Rt6Yp1Zs8Nf3Hc5Jm0 Ga";
        for (text, error) in [
            (format!("{ONE},"), TooShort { position: 2 }),
            (ONE[..15].to_owned(), TooShort { position: 1 }),
            (spaced.to_owned(), Unfit { position: 1 }),
            (format!("{OTHER},{ONE},{OTHER}"), Repeated { position: 3 }),
        ] {
            assert_eq!(parse(&text).unwrap_err(), error);
            assert!(!error.to_string().contains(&ONE[..8]));
        }
        let shown = format!("{:?}", parse(ONE).unwrap());
        assert_eq!(shown, "ServiceTokens(1)");
    }

    #[test]
    fn a_name_cannot_forge_a_log_line() {
        assert_eq!("billing-eu_1.a".parse::<ServiceName>().unwrap().as_str(), "billing-eu_1.a");
        for wrong in ["", "a b", "a\n", "\u{e9}", &"a".repeat(65)] {
            assert_eq!(wrong.parse::<ServiceName>(), Err(NotAServiceName), "{wrong:?}");
        }
    }
}
