//! Revoking one of one's API keys.

use crate::command::{Commit, Conflict, FindApiKey, Guard, OwnedApiKey, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::own_account::Asker;
use crate::flow::presented::Found;
use crate::model::{ApiKey, ApiKeyId, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

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
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, key, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, id: ApiKeyId, env: Env) -> Step<Outcome> {
    asker.find(env, move |asker, own, env| find(asker, own, id, env))
}

fn find(asker: Asker, own: Found, id: ApiKeyId, env: Env) -> Step<Outcome> {
    ask(FindApiKey { id }, move |found| match is_there(found) {
        Some(key) if key.user == own.session.user => end(asker, own, key, env),
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
fn end(
    asker: Asker,
    Found { session: own, record, .. }: Found,
    key: ApiKey,
    mut env: Env,
) -> Step<Outcome> {
    let id = key.id;
    let batch = revocation(key, Some(own.id), &mut env)
        .guard(Guard::UserEpoch { id: own.user, epoch: own.epoch });
    let batch = record.guard(own.id, batch);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
