//! Asking for something about one's own account, from within a session.

use super::authenticate::{check_found, check_found_with_user};
use super::presented::{Found, FoundWithUser, Record, find, find_with_user};
use crate::command::{Commit, Guard};
use crate::env::Env;
use crate::model::SessionId;
use crate::refusal::Refusal;
use crate::step::Step;
use crate::token::Access;
use crate::token::backend::Presented;

/// Who asks: an access token, and whether it was found to be good before.
///
/// A refresh that comes in between takes nothing from a request: a token that was good is not held against
/// the next generation. That the session still stands is.
#[derive(Debug)]
pub(super) struct Asker {
    token: Presented<Access>,
    was_good: bool,
}

impl Asker {
    pub(super) fn read(access_token: &str, env: &Env) -> Result<Self, Refusal> {
        let token = env.tokens().read_access(access_token, env.now)?;
        Ok(Self { token, was_good: false })
    }

    /// The token, to be held against something else.
    pub(super) fn into_token(self) -> Presented<Access> {
        self.token
    }

    /// Finds the session, and goes on if who asks may.
    pub(super) fn find<T: 'static>(
        self,
        env: Env,
        then: impl FnOnce(Self, Found, Env) -> Step<Result<T, Refusal>> + Send + 'static,
    ) -> Step<Result<T, Refusal>> {
        let Self { token, was_good } = self;
        find(token, env.tokens().records(), move |token, found| {
            let checked = match found {
                Some(found) if was_good && found.is_revoked() => Err(Refusal::RevokedToken),
                Some(found) if was_good => Ok(found),
                found => check_found(&token, found, env.now),
            };
            match checked {
                Ok(found) => then(Self { token, was_good: true }, found, env),
                Err(refusal) => Step::Done(Err(refusal)),
            }
        })
    }

    /// Finds the session with its user, and goes on if who asks may.
    pub(super) fn find_with_user<T: 'static>(
        self,
        env: Env,
        then: impl FnOnce(Self, FoundWithUser, Env) -> Step<Result<T, Refusal>> + Send + 'static,
    ) -> Step<Result<T, Refusal>> {
        let Self { token, was_good } = self;
        find_with_user(token, env.tokens().records(), move |token, found| {
            let checked = match found {
                Some(found) if was_good && found.is_revoked() => Err(Refusal::RevokedToken),
                Some(found) if was_good => Ok(found),
                found => check_found_with_user(&token, found, env.now),
            };
            match checked {
                Ok(found) => then(Self { token, was_good: true }, found, env),
                Err(refusal) => Step::Done(Err(refusal)),
            }
        })
    }
}

/// A batch that holds only while this session stands as it was found: a token that was revoked meanwhile
/// does nothing.
pub(super) fn while_session_stands(record: Record, id: SessionId) -> Commit {
    record.guard(id, Commit::new())
}

/// The same, where the user is not written: and while the account is as it was read.
pub(super) fn while_both_stand(found: &FoundWithUser) -> Commit {
    let FoundWithUser { session, user, record } = found;
    while_session_stands(*record, session.id)
        .guard(Guard::UserEpoch { id: user.id, epoch: user.epoch })
}
