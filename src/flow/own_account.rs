//! Asking for something about one's own account, from within a session.

use super::authenticate::check_found_with_user;
use crate::command::{Commit, FindSessionWithUser, Guard};
use crate::model::{Session, SessionId, User};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::token::AccessToken;

/// Who asks: an access token, and after it was found to be good, the session that it opened.
///
/// A refresh that comes in between takes nothing from a request: the token is not held against the next
/// generation. That the session still stands is.
#[derive(Debug)]
pub(super) enum Asker {
    Token(AccessToken),
    Session(SessionId),
}

impl Asker {
    pub(super) fn parse(access_token: &str) -> Result<Self, Refusal> {
        AccessToken::parse(access_token).map(Self::Token).map_err(|_| Refusal::InvalidToken)
    }

    /// The command that finds the session and its user.
    pub(super) const fn command(&self) -> FindSessionWithUser {
        let id = match self {
            Self::Token(token) => token.session(),
            Self::Session(id) => *id,
        };
        FindSessionWithUser { id }
    }

    /// The session and its user, if who asks may do so.
    pub(super) fn check(
        &self,
        found: Option<(Session, User)>,
        now: Timestamp,
    ) -> Result<(Session, User), Refusal> {
        match (self, found) {
            (Self::Token(token), found) => check_found_with_user(token, found, now),
            (Self::Session(_), Some((session, user))) if session.is_revoked(&user.standing()) => {
                Err(Refusal::RevokedToken)
            }
            (Self::Session(_), found) => found.ok_or(Refusal::InvalidToken),
        }
    }
}

/// A batch that holds only while this session stands as it was read: a token that was revoked meanwhile
/// does nothing.
pub(super) fn while_session_stands(session: &Session) -> Commit {
    Commit::new().guard(Guard::SessionVersion { id: session.id, version: session.version })
}

/// The same, where the user is not written: and while the account is as it was read.
pub(super) fn while_both_stand(session: &Session, user: &User) -> Commit {
    while_session_stands(session).guard(Guard::UserEpoch { id: user.id, epoch: user.epoch })
}
