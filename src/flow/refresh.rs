//! Refresh: exchange a refresh token for the next pair, once.

use super::attempts::{self, Refused};
use super::presented::{Found, Record, find};
use crate::command::{Commit, Conflict, FindUser, Guard, UserKey};
use crate::env::Env;
use crate::event::{Event, RefreshFailure};
use crate::keys::MasterKey;
use crate::message::{Message, MessageKind};
use crate::model::{EndReason, Session, User};
use crate::owed::owed;
use crate::policy::{Policy, SecondFactor};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::backend::Presented;
use crate::token::issue::{self, Link};
use crate::token::{Refresh, Tokens};

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
/// ends for everybody, [`Event::RefreshReused`] is recorded and the owner told (RFC 9700 4.14.2). A made-up token ends
/// nothing.
///
/// Where nothing is recorded ([`Records::Nothing`](crate::token::backend::Records)) a token can be exchanged
/// as often as it is presented, and only the user's epoch and activity are looked at.
///
/// # Errors
///
/// [`Refusal::InvalidToken`], [`Refusal::RevokedToken`] (also for a spent token),
/// [`Refusal::ExpiredToken`], [`Refusal::Busy`]; [`Refusal::Invalid`] where the session's claims no longer fit
/// into a token; [`Refusal::StepUpRequired`] where the policy asks more of the user than when the session was
/// opened.
pub fn refresh(refresh_token: &str, env: Env) -> Step<Outcome> {
    match env.tokens().read_refresh(refresh_token, env.now) {
        Ok(token) => look(token, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(token: Presented<Refresh>, env: Env) -> Step<Outcome> {
    find(token, env.tokens().records(), move |token, found| match found {
        Some(found) => settle(token, found, env),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}

fn settle(token: Presented<Refresh>, found: Found, env: Env) -> Step<Outcome> {
    match decide(&token, &found, &env) {
        Verdict::Rotate if may_owe(&found.session, env.policy()) => pay(token, found, env),
        Verdict::Rotate => rotate(token, found, env),
        Verdict::Repeat => repeat(token, found, env),
        Verdict::Reused => expose(token, found, env),
        Verdict::Refuse(refusal) => Step::Done(Err(refusal)),
        Verdict::Over(reason, refusal) => {
            let (id, event) = (found.session.id, Event::RefreshRefused { reason });
            let refused = Refused { user: Some(found.session.user), session: Some(id), event };
            attempts::refuse(refused, &id, refusal, env)
        }
    }
}

/// Whether the policy may ask more of this session's user than it did when the session was opened. A change of
/// the account itself has ended the session.
fn may_owe(session: &Session, policy: &Policy) -> bool {
    let has_second_factor = session.methods.iter().any(|method| method.is_second_factor());
    let wants_factor =
        matches!(policy.second_factor, SecondFactor::Required | SecondFactor::RequiredWhere(_));
    (wants_factor && !has_second_factor) || policy.require_verified_email || policy.terms.is_some()
}

/// Goes on if nothing is owed under the policy of today. Who owes something pays it at the next sign-in.
fn pay(token: Presented<Refresh>, found: Found, env: Env) -> Step<Outcome> {
    let key = UserKey::Id(found.session.user);
    ask(FindUser { key }, move |owner| {
        let session = &found.session;
        let owes =
            owner.is_none_or(|owner| !owed(&owner, &session.methods, env.policy()).is_empty());
        if !owes {
            return rotate(token, found, env);
        }
        let (id, reason) = (session.id, RefreshFailure::Owing);
        let event = Event::RefreshRefused { reason };
        let refused = Refused { user: Some(session.user), session: Some(id), event };
        attempts::refuse(refused, &id, Refusal::StepUpRequired, env)
    })
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
    /// It is not this session's.
    Refuse(Refusal),
    /// It is genuine, and its session is no more.
    Over(RefreshFailure, Refusal),
}

/// The whole policy of a refresh. Genuineness comes first: only who holds a token of the session
/// learns what became of it, or ends it.
fn decide(token: &Presented<Refresh>, found: &Found, env: &Env) -> Verdict {
    let session = &found.session;
    let Some(age) = session.generation.checked_sub(token.generation()) else {
        return Verdict::Refuse(Refusal::InvalidToken);
    };
    if !is_genuine(token, age, session, env) {
        return Verdict::Refuse(Refusal::InvalidToken);
    }
    if found.is_revoked() {
        return Verdict::Over(RefreshFailure::Revoked, Refusal::RevokedToken);
    }
    if env.now >= session.refresh_expires_at() {
        return Verdict::Over(RefreshFailure::Expired, Refusal::ExpiredToken);
    }
    match age {
        0 => Verdict::Rotate,
        1 if env.now - session.refreshed_at < env.policy().refresh_grace => Verdict::Repeat,
        _ => Verdict::Reused,
    }
}

/// Whether the token is one of the session's, `age` generations before the current one.
///
/// Once the key of an opaque chain has left the ring a spent token can no longer be told from a made-up one;
/// the current one is known by its digest alone.
fn is_genuine(token: &Presented<Refresh>, age: u32, session: &Session, env: &Env) -> bool {
    let token = match token {
        Presented::Opaque(token) => token,
        Presented::Signed(_) => return true,
    };
    if age == 0 {
        return token.digest() == session.refresh_digest;
    }
    age <= env.policy().reuse_horizon
        && env
            .keys()
            .find(session.chain_key)
            .is_some_and(|key| token.leads_to(key, age, &session.refresh_digest))
}

/// The generation after the token's, with the next link of its chain if it has one. `None` after the last.
fn successor<'a>(
    token: &Presented<Refresh>,
    session: &Session,
    env: &'a Env,
) -> Option<(u32, Option<Link<'a>>)> {
    let generation = token.generation().checked_add(1)?;
    let link = match token {
        Presented::Opaque(token) => {
            let key = chain_key(session, env);
            Some(Link::new(token.successor(key)?, key))
        }
        Presented::Signed(_) => None,
    };
    Some((generation, link))
}

/// A chain stays with its key while the ring holds it, so that spent tokens remain recognisable; when
/// it is gone the chain goes on under the newest.
fn chain_key<'a>(session: &Session, env: &'a Env) -> &'a MasterKey {
    env.keys().find(session.chain_key).unwrap_or_else(|| env.keys().newest())
}

/// Moves the session on. On conflict another refresh came first, and we look again.
fn rotate(token: Presented<Refresh>, found: Found, mut env: Env) -> Step<Outcome> {
    let Found { session, record, .. } = found;
    let Some((generation, link)) = successor(&token, &session, &env) else {
        return Step::Done(Err(Refusal::ExpiredToken));
    };
    let (next, tokens) = match issue::advance(&session, generation, link.as_ref(), &env) {
        Ok(advanced) => advanced,
        Err(unprintable) => return Step::Done(Err(unprintable.into())),
    };
    let refreshed = Refreshed { session: next.clone(), tokens };
    if record == Record::Never {
        return Step::Done(Ok(refreshed));
    }
    let batch = Commit::new().guard(Guard::UserEpoch { id: session.user, epoch: session.epoch });
    ask(record.write(next, batch), move |committed| match committed {
        Ok(()) => Step::Done(Ok(refreshed)),
        Err(Conflict) if env.retries.spend() => look(token, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// Tells the pair that the token was exchanged for before, once that exchange is sure to last: it may be under way
/// still, and what was read of it be lost with its server.
fn repeat(token: Presented<Refresh>, found: Found, mut env: Env) -> Step<Outcome> {
    let Found { session, record, .. } = found;
    let (id, outcome) = (session.id, pair_of(&token, session, &env));
    if record == Record::Never || outcome.is_err() {
        return Step::Done(outcome);
    }
    ask(record.guard(id, Commit::new()), move |committed| match committed {
        Ok(()) => Step::Done(outcome),
        Err(Conflict) if env.retries.spend() => look(token, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The pair that a token was exchanged for: derived again, and the same.
fn pair_of(token: &Presented<Refresh>, session: Session, env: &Env) -> Outcome {
    let (_, link) = successor(token, &session, env).ok_or(Refusal::ExpiredToken)?;
    let tokens = issue::pair(&session, link.as_ref(), env)?;
    Ok(Refreshed { session, tokens })
}

/// Looks whom to tell that a spent token came back. Genuine tokens alone lead here, and once for each session.
fn expose(token: Presented<Refresh>, found: Found, env: Env) -> Step<Outcome> {
    let key = UserKey::Id(found.session.user);
    ask(FindUser { key }, move |owner| end(token, found, owner, env))
}

/// Ends a session whose spent token came back.
fn end(
    token: Presented<Refresh>,
    Found { session, record, .. }: Found,
    owner: Option<User>,
    mut env: Env,
) -> Step<Outcome> {
    let event =
        Event::RefreshReused { generation: token.generation(), current: session.generation };
    let event = env.event(Some(session.user), Some(session.id), event);
    let ended = session.end(EndReason::RefreshReused, env.now);
    let mut batch = Commit::new().event(event);
    if let Some(owner) = owner {
        let notice = Message::to_owner(MessageKind::RefreshReused, &owner);
        batch = batch.message(notice.seal(&mut env));
    }
    ask(record.write(ended, batch), move |committed| match committed {
        Ok(()) => Step::Done(Err(Refusal::RevokedToken)),
        Err(Conflict) if env.retries.spend() => look(token, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
