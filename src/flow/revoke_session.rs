//! Ending one of one's sessions from another.

use super::authenticate::check_found;
use crate::command::{Commit, Conflict, FindSession, Guard, OwnedSession, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::{EndReason, Session, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::AccessToken;

type Outcome = Result<(), Refusal>;

/// Ends a session of an access token's user: another one, or the token's own.
///
/// Of sessions that are not the user's nothing is learned: they look as if there were none.
///
/// # Errors
///
/// As [`authenticate`](super::authenticate), and [`Refusal::NotFound`] where the user has no such
/// live session, [`Refusal::Busy`].
pub fn revoke_session(access_token: &str, session: SessionId, env: Env) -> Step<Outcome> {
    match AccessToken::parse(access_token) {
        Ok(token) => look(token, session, env),
        Err(_) => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn look(token: AccessToken, target: SessionId, env: Env) -> Step<Outcome> {
    ask(FindSession { id: token.session() }, move |found| {
        match check_found(&token, found, env.now) {
            Ok(own) => find(own, target, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

fn find(own: Session, target: SessionId, env: Env) -> Step<Outcome> {
    if own.id == target {
        return end(own.clone(), own, env);
    }
    ask(FindSession { id: target }, move |found| match found {
        Some(OwnedSession { session, standing })
            if session.user == own.user
                && !session.is_revoked(&standing)
                && env.now < session.refresh_expires_at() =>
        {
            end(own, session, env)
        }
        Some(_) | None => Step::Done(Err(Refusal::NotFound)),
    })
}

/// Ends the session. The one that asked for it is guarded: a token that was revoked meanwhile ends
/// nothing.
fn end(own: Session, target: Session, mut env: Env) -> Step<Outcome> {
    let (own_id, id, was) = (own.id, target.id, target.version);
    let (reason, event) = if own_id == id {
        (EndReason::SignedOut, Event::UserLogout)
    } else {
        (EndReason::Revoked, Event::SessionRevoked)
    };
    let event = env.event(Some(own.user), Some(id), event);
    let mut batch = Commit::new().guard(Guard::UserEpoch { id: own.user, epoch: own.epoch });
    if own_id != id {
        batch = batch.guard(Guard::SessionVersion { id: own_id, version: own.version });
    }
    let ended = target.end(reason, env.now);
    batch = batch.write(Write::ReplaceSession { session: Box::new(ended), was }).event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(own_id, id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first, of this session or of the other one, changes
/// nothing: the token is not held against the next generation. That the session still stands is.
fn look_again(own: SessionId, target: SessionId, env: Env) -> Step<Outcome> {
    ask(FindSession { id: own }, move |found| match found {
        Some(OwnedSession { session, standing }) if !session.is_revoked(&standing) => {
            find(session, target, env)
        }
        Some(_) if own == target => Step::Done(Ok(())),
        Some(_) => Step::Done(Err(Refusal::RevokedToken)),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}
