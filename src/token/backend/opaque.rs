//! Opaque tokens: `tda_…` and `tdr_…`.

use super::{Pair, Presented, Records, TokenBackend, Unprintable};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::token::{Access, AccessToken, Refresh, RefreshToken, Tokens};

/// Opaque tokens: the store knows the digests of their secrets, and everything takes effect at once.
/// The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpaqueBackend;

impl TokenBackend for OpaqueBackend {
    fn records(&self) -> Records {
        Records::Every
    }

    fn trusts_signed_access(&self) -> bool {
        false
    }

    fn print(&self, pair: &Pair<'_>) -> Result<Tokens, Unprintable> {
        let (Some(access), Some(refresh)) = (pair.access, pair.refresh) else {
            return Err(Unprintable);
        };
        Ok(Tokens {
            access: access.reveal(),
            refresh: refresh.reveal(),
            expires_in: pair.session.access_expires_at - pair.now,
        })
    }

    fn read_access(&self, text: &str, _: Timestamp) -> Result<Presented<Access>, Refusal> {
        AccessToken::parse(text).map(Presented::Opaque).map_err(|_| Refusal::InvalidToken)
    }

    fn read_refresh(&self, text: &str, _: Timestamp) -> Result<Presented<Refresh>, Refusal> {
        RefreshToken::parse(text).map(Presented::Opaque).map_err(|_| Refusal::InvalidToken)
    }
}
