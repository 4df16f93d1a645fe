//! Ending one of one's sessions from another.

use super::logout;
use super::own_account::Asker;
use super::presented::{Found, Record};
use crate::command::{Commit, Conflict, FindSession, Guard, OwnedSession};
use crate::env::Env;
use crate::event::Event;
use crate::model::{EndReason, Session, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::backend::Records;

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
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, session, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, target: SessionId, env: Env) -> Step<Outcome> {
    asker.find(env, move |asker, own, env| find_target(asker, own, target, env))
}

fn find_target(asker: Asker, own: Found, target: SessionId, env: Env) -> Step<Outcome> {
    if own.session.id == target {
        return logout::end(asker.into_token(), own, env);
    }
    if env.tokens().records() != Records::Every {
        return Step::Done(Err(Refusal::NotRecorded));
    }
    ask(FindSession { id: target }, move |found| match found {
        Some(OwnedSession { session, standing })
            if session.id == target
                && session.user == own.session.user
                && !session.is_revoked(&standing)
                && env.now < session.refresh_expires_at() =>
        {
            end(asker, &own, session, env)
        }
        Some(_) | None => Step::Done(Err(Refusal::NotFound)),
    })
}

/// Ends the other session. The one that asked for it is guarded: a token that was revoked meanwhile ends
/// nothing. A refresh that came first, of either, changes nothing: both are looked up again.
fn end(asker: Asker, own: &Found, target: Session, mut env: Env) -> Step<Outcome> {
    let (id, version) = (target.id, target.version);
    let event = env.event(Some(target.user), Some(id), Event::SessionRevoked);
    let batch = Commit::new()
        .guard(Guard::UserEpoch { id: target.user, epoch: own.session.epoch })
        .event(event);
    let batch = own.record.guard(own.session.id, batch);
    let batch = Record::At(version).write(target.end(EndReason::Revoked, env.now), batch);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
