//! Revoking one of one's API keys.

use crate::command::{
    Commit, Conflict, FindApiKey, FindSession, Guard, OwnedApiKey, OwnedSession, Write,
};
use crate::env::Env;
use crate::event::Event;
use crate::flow::authenticate::check_found;
use crate::model::{ApiKey, ApiKeyId, Session, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::AccessToken;

type Outcome = Result<(), Refusal>;

/// Revokes an API key of an access token's user: from then on it is good for nothing.
///
/// Of keys that are not the user's nothing is learned: they look as if there were none.
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate), and [`Refusal::NotFound`] where the user has no such key
/// that was not revoked before, [`Refusal::Busy`].
pub fn revoke_api_key(access_token: &str, key: ApiKeyId, env: Env) -> Step<Outcome> {
    match AccessToken::parse(access_token) {
        Ok(token) => look(token, key, env),
        Err(_) => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn look(token: AccessToken, id: ApiKeyId, env: Env) -> Step<Outcome> {
    ask(FindSession { id: token.session() }, move |found| {
        match check_found(&token, found, env.now) {
            Ok(own) => find(own, id, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

fn find(own: Session, id: ApiKeyId, env: Env) -> Step<Outcome> {
    ask(FindApiKey { id }, move |found| match is_there(found) {
        Some(key) if key.user == own.user => end(own, key, env),
        Some(_) | None => Step::Done(Err(Refusal::NotFound)),
    })
}

/// The key, unless it was revoked before. One that expired, or whose epoch is over, may still be revoked: it
/// is listed until then.
pub(in crate::flow) fn is_there(found: Option<OwnedApiKey>) -> Option<ApiKey> {
    found.map(|OwnedApiKey { key, .. }| key).filter(|key| key.revoked_at.is_none())
}

/// What revokes a key, with its event.
pub(in crate::flow) fn revocation(
    key: ApiKey,
    session: Option<SessionId>,
    env: &mut Env,
) -> Commit {
    let (was, user) = (key.version, key.user);
    let event = env.event(Some(user), session, Event::ApiKeyRevoked { key: key.id });
    let revoked = Box::new(key.revoke(env.now));
    Commit::new().write(Write::ReplaceApiKey { key: revoked, was }).event(event)
}

/// The session that asks is guarded: a token that was revoked meanwhile revokes nothing.
fn end(own: Session, key: ApiKey, mut env: Env) -> Step<Outcome> {
    let (own_id, id) = (own.id, key.id);
    let batch = revocation(key, Some(own_id), &mut env)
        .guard(Guard::UserEpoch { id: own.user, epoch: own.epoch })
        .guard(Guard::SessionVersion { id: own_id, version: own.version });
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(own_id, id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first changes nothing: the token is not held against the next
/// generation. That the session still stands is.
fn look_again(own: SessionId, id: ApiKeyId, env: Env) -> Step<Outcome> {
    ask(FindSession { id: own }, move |found| match found {
        Some(OwnedSession { session, standing }) if !session.is_revoked(&standing) => {
            find(session, id, env)
        }
        Some(_) => Step::Done(Err(Refusal::RevokedToken)),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}
