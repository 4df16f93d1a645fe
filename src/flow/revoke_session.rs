//! Ending one of one's sessions from another.

use super::authenticate::check_found;
use super::presented::{Found, Record, find};
use crate::command::{Commit, Conflict, FindSession, Guard, OwnedSession};
use crate::env::Env;
use crate::event::Event;
use crate::model::{EndReason, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::Access;
use crate::token::backend::{Presented, Records};

type Outcome = Result<(), Refusal>;

/// Ends a session of an access token's user: another one, or the token's own.
///
/// Of sessions that are not the user's nothing is learned: they look as if there were none.
///
/// # Errors
///
/// As [`authenticate_user`](super::authenticate_user), and [`Refusal::NotFound`] where the user has no such
/// live session, [`Refusal::NotRecorded`] for another session than the token's own where not every session
/// has a record, [`Refusal::Busy`].
pub fn revoke_session(access_token: &str, session: SessionId, env: Env) -> Step<Outcome> {
    match env.tokens().read_access(access_token, env.now) {
        Ok(token) => look(token, session, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(token: Presented<Access>, target: SessionId, env: Env) -> Step<Outcome> {
    find(token, env.tokens().records(), move |token, found| {
        match check_found(&token, found, env.now) {
            Ok(own) => find_target(token, own, target, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

fn find_target(token: Presented<Access>, own: Found, target: SessionId, env: Env) -> Step<Outcome> {
    if own.session.id == target {
        return end(token, own, None, env);
    }
    if env.tokens().records() != Records::Every {
        return Step::Done(Err(Refusal::NotRecorded));
    }
    ask(FindSession { id: target }, move |found| match found {
        Some(found)
            if found.session.user == own.session.user
                && !found.session.is_revoked(&found.standing)
                && env.now < found.session.refresh_expires_at() =>
        {
            end(token, own, Some(found), env)
        }
        Some(_) | None => Step::Done(Err(Refusal::NotFound)),
    })
}

/// Ends the other session, or without one the own. The one that asked for it is guarded: a token that was
/// revoked meanwhile ends nothing.
fn end(
    token: Presented<Access>,
    own: Found,
    other: Option<OwnedSession>,
    mut env: Env,
) -> Step<Outcome> {
    let Found { session: own, record, .. } = own;
    let mut batch = Commit::new().guard(Guard::UserEpoch { id: own.user, epoch: own.epoch });
    let (target, record, reason, event) = match other {
        Some(OwnedSession { session: target, .. }) => {
            batch = record.guard(own.id, batch);
            let record = Record::At(target.version);
            (target, record, EndReason::Revoked, Event::SessionRevoked)
        }
        None => (own, record, EndReason::SignedOut, Event::UserLogout),
    };
    let id = target.id;
    let event = env.event(Some(target.user), Some(id), event);
    let batch = record.write(target.end(reason, env.now), batch).event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(token, id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first, of this session or of the other one, changes
/// nothing: the token is not held against the next generation. That the session still stands is.
fn look_again(token: Presented<Access>, target: SessionId, env: Env) -> Step<Outcome> {
    find(token, env.tokens().records(), move |token, found| match found {
        Some(own) if !own.is_revoked() => find_target(token, own, target, env),
        Some(own) if own.session.id == target => Step::Done(Ok(())),
        Some(_) => Step::Done(Err(Refusal::RevokedToken)),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}
