//! Refresh: exchange a refresh token for the next pair, once.

use crate::command::{Commit, Conflict, FindSession, Guard, OwnedSession, Write};
use crate::env::Env;
use crate::event::Event;
use crate::keys::MasterKey;
use crate::model::{EndReason, Session};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::{RefreshToken, Tokens, issue};

/// A refresh that succeeded.
#[derive(Clone, Debug)]
pub struct Refreshed {
    /// The session as it now is.
    pub session: Session,
    /// Its next tokens.
    pub tokens: Tokens,
}

type Outcome = Result<Refreshed, Refusal>;

/// Exchanges a refresh token for the next pair of tokens.
///
/// A token is exchanged once. Repeated within the grace (a response was lost, two tabs refreshed at
/// once) it gets the same pair again, so that there is one live successor however many ask. After the
/// grace, or when its successor was itself exchanged, a spent token is taken for stolen: the session
/// ends for everybody and [`Event::RefreshReused`] is recorded (RFC 9700 4.14.2). A made-up token ends
/// nothing.
///
/// # Errors
///
/// [`Refusal::InvalidToken`], [`Refusal::RevokedToken`] (also for a spent token),
/// [`Refusal::ExpiredToken`], [`Refusal::Busy`].
pub fn refresh(refresh_token: &str, env: Env) -> Step<Outcome> {
    match RefreshToken::parse(refresh_token) {
        Ok(token) => look(token, env),
        Err(_) => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn look(token: RefreshToken, env: Env) -> Step<Outcome> {
    ask(FindSession { id: token.session() }, move |found| match found {
        Some(owned) => settle(token, owned, env),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}

fn settle(token: RefreshToken, owned: OwnedSession, env: Env) -> Step<Outcome> {
    match decide(&token, &owned, &env) {
        Verdict::Rotate => rotate(token, owned.session, env),
        Verdict::Repeat => Step::Done(repeat(&token, owned.session, &env)),
        Verdict::Reused => end(token, owned.session, env),
        Verdict::Refuse(refusal) => Step::Done(Err(refusal)),
    }
}

/// What a refresh token is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the current one.
    Rotate,
    /// It was exchanged a moment ago.
    Repeat,
    /// It is genuine and was spent before that.
    Reused,
    Refuse(Refusal),
}

/// The whole policy of a refresh. Genuineness comes first: only who holds a token of the session
/// learns what became of it, or ends it.
fn decide(token: &RefreshToken, owned: &OwnedSession, env: &Env) -> Verdict {
    let OwnedSession { session, standing } = owned;
    let Some(age) = session.generation.checked_sub(token.generation) else {
        return Verdict::Refuse(Refusal::InvalidToken);
    };
    if !is_genuine(token, age, session, env) {
        return Verdict::Refuse(Refusal::InvalidToken);
    }
    if session.is_revoked(standing) {
        return Verdict::Refuse(Refusal::RevokedToken);
    }
    if env.now >= session.refresh_expires_at() {
        return Verdict::Refuse(Refusal::ExpiredToken);
    }
    match age {
        0 => Verdict::Rotate,
        1 if env.now - session.refreshed_at < env.policy().refresh_grace => Verdict::Repeat,
        _ => Verdict::Reused,
    }
}

/// Whether the token is of the session's chain, `age` generations before the current one.
///
/// Once the chain's key has left the ring a spent token can no longer be told from a made-up one; the
/// current one is known by its digest alone.
fn is_genuine(token: &RefreshToken, age: u32, session: &Session, env: &Env) -> bool {
    if age == 0 {
        return token.digest() == session.refresh_digest;
    }
    age <= env.policy().reuse_horizon
        && env
            .keys()
            .find(session.chain_key)
            .is_some_and(|key| token.leads_to(key, age, &session.refresh_digest))
}

/// A chain stays with its key while the ring holds it, so that spent tokens remain recognisable; when
/// it is gone the chain goes on under the newest.
fn chain_key<'a>(session: &Session, env: &'a Env) -> &'a MasterKey {
    env.keys().find(session.chain_key).unwrap_or_else(|| env.keys().newest())
}

/// Moves the session on. On conflict another refresh came first, and we look again.
fn rotate(token: RefreshToken, session: Session, mut env: Env) -> Step<Outcome> {
    let key = chain_key(&session, &env);
    let Some(successor) = token.successor(key) else {
        return Step::Done(Err(Refusal::ExpiredToken));
    };
    let (next, tokens) = issue::advance(&session, &successor, key, &env);
    let batch = Commit::new()
        .guard(Guard::UserEpoch { id: session.user, epoch: session.epoch })
        .write(Write::ReplaceSession { session: Box::new(next.clone()), was: session.version });
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(Refreshed { session: next, tokens })),
        Err(Conflict) if env.retries.spend() => look(token, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The pair that the token was exchanged for before: derived again, and the same.
fn repeat(token: &RefreshToken, session: Session, env: &Env) -> Outcome {
    let key = chain_key(&session, env);
    let successor = token.successor(key).ok_or(Refusal::ExpiredToken)?;
    let tokens = issue::pair(&successor, key, &session, env);
    Ok(Refreshed { session, tokens })
}

/// Ends a session whose spent token came back.
fn end(token: RefreshToken, session: Session, mut env: Env) -> Step<Outcome> {
    let (id, user, was) = (session.id, session.user, session.version);
    let event = Event::RefreshReused { generation: token.generation, current: session.generation };
    let ended = session.end(EndReason::RefreshReused, env.now);
    let batch = Commit::new()
        .write(Write::ReplaceSession { session: Box::new(ended), was })
        .event(env.event(Some(user), Some(id), event));
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Err(Refusal::RevokedToken)),
        Err(Conflict) if env.retries.spend() => look(token, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
