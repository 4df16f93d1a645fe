//! Ending a user's sessions from outside.

use super::change_user;
use crate::command::{Commit, Conflict, FindSession, OwnedSession, UserKey, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::{EndReason, SessionId, User};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// Ends all sessions of a user with one write. The user may sign in again.
///
/// # Errors
///
/// [`Refusal::NotFound`], [`Refusal::Busy`].
pub fn end_sessions(user: UserKey, env: Env) -> Step<Result<User, Refusal>> {
    change_user(user, without_sessions, env)
}

fn without_sessions(user: User, env: &Env) -> Option<(User, Event)> {
    Some((user.with_new_epoch(env.now), Event::SessionsRevoked))
}

/// Ends one session, whosever it is.
///
/// # Errors
///
/// [`Refusal::NotFound`] where there is no such live session, or none with a record
/// ([`Records`](crate::token::backend::Records)): there, end all of the user's. [`Refusal::Busy`].
pub fn end_session(id: SessionId, mut env: Env) -> Step<Result<(), Refusal>> {
    ask(FindSession { id }, move |found| {
        let session = match found {
            Some(OwnedSession { session, standing })
                if !session.is_revoked(&standing) && env.now < session.refresh_expires_at() =>
            {
                session
            }
            Some(_) | None => return Step::Done(Err(Refusal::NotFound)),
        };
        let was = session.version;
        let event = env.event(Some(session.user), Some(id), Event::SessionRevoked);
        let ended = Box::new(session.end(EndReason::Revoked, env.now));
        let batch = Commit::new().write(Write::ReplaceSession { session: ended, was }).event(event);
        ask(batch, move |committed| match committed {
            Ok(()) => Step::Done(Ok(())),
            Err(Conflict) if env.retries.spend() => end_session(id, env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
}
