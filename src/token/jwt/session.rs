//! What a token of ours says of its session, besides the registered claims.

use serde::{Deserialize, Serialize};

use super::claims::Claims;
use crate::keys::KeyId;
use crate::model::{Client, Digest, Epoch, Method, Session, SessionId, Version};
use crate::time::{Duration, Timestamp};

/// `sid` and `amr` for whoever reads the token (OpenID Connect Core 2, Front-Channel Logout 3), and what is
/// ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionClaims {
    pub(crate) sid: SessionId,
    pub(crate) amr: Vec<Method>,
    pub(super) state: SessionState,
}

/// The claim `session`. Moments and spans are in milliseconds, so that a session that is read back is the
/// one that was printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionState {
    epoch: Epoch,
    generation: u32,
    auth_time: u64,
    created_at: u64,
    refreshed_at: u64,
    idle_timeout: u64,
    expires_at: u64,
    access_expires_at: u64,
}

impl SessionState {
    pub(super) const fn auth_time(&self) -> Timestamp {
        Timestamp::from_millis(self.auth_time)
    }
}

impl SessionClaims {
    pub(crate) fn of(session: &Session) -> Self {
        let state = SessionState {
            epoch: session.epoch,
            generation: session.generation,
            auth_time: session.auth_time.as_millis(),
            created_at: session.created_at.as_millis(),
            refreshed_at: session.refreshed_at.as_millis(),
            idle_timeout: session.idle_timeout.as_millis(),
            expires_at: session.expires_at.as_millis(),
            access_expires_at: session.access_expires_at.as_millis(),
        };
        Self { sid: session.id, amr: session.methods.clone(), state }
    }

    /// The session as it was printed. What no token says of it is unknown: the client, and the digests of
    /// secrets, of which there are none. `None` when the subject is no user of ours.
    pub(super) fn into_session(self, claims: Claims) -> Option<Session> {
        let Self { sid, amr, state } = self;
        let no_digest = Digest::from_bytes([0; 32]);
        Some(Session {
            id: sid,
            user: claims.subject.parse().ok()?,
            epoch: state.epoch,
            methods: amr,
            auth_time: state.auth_time(),
            client: Client::unknown(),
            created_at: Timestamp::from_millis(state.created_at),
            refreshed_at: Timestamp::from_millis(state.refreshed_at),
            idle_timeout: Duration::from_millis(state.idle_timeout),
            expires_at: Timestamp::from_millis(state.expires_at),
            access_expires_at: Timestamp::from_millis(state.access_expires_at),
            generation: state.generation,
            chain_key: KeyId::from_bytes([0; 8]),
            refresh_digest: no_digest,
            access_digest: no_digest,
            claims: claims.extra,
            ended: None,
            version: Version::FIRST,
        })
    }
}
