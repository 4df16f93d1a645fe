//! Opening a session, and moving it on to its next pair of tokens.

use super::{AccessToken, RefreshToken, Tokens};
use crate::env::Env;
use crate::keys::MasterKey;
use crate::model::{JsonObject, Lifetime, Method, Session, User, Version};
use crate::secret::Secret;

/// What a sign-in grants.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) methods: Vec<Method>,
    pub(crate) lifetime: Lifetime,
    pub(crate) claims: JsonObject,
}

/// A new session with its first pair of tokens. Its id is made here, never taken from a client
/// (ASVS 5.0 7.2.4).
pub(crate) fn open(user: &User, grant: Grant, env: &mut Env) -> (Session, Tokens) {
    let (id, secret) = (env.new_session_id(), env.new_token_secret());
    let key = env.keys().newest();
    let refresh = RefreshToken::new(id, 0, Secret::new(secret));
    let access = refresh.access(key);
    let session = Session {
        id,
        user: user.id,
        epoch: user.epoch,
        methods: grant.methods,
        auth_time: env.now,
        client: env.client.clone(),
        created_at: env.now,
        refreshed_at: env.now,
        idle_timeout: grant.lifetime.idle,
        expires_at: env.now + grant.lifetime.absolute,
        access_expires_at: env.now + env.policy().access_lifetime,
        generation: 0,
        chain_key: key.id(),
        refresh_digest: refresh.digest(),
        access_digest: access.digest(),
        claims: grant.claims,
        ended: None,
        version: Version::FIRST,
    };
    let tokens = texts(&access, &refresh, &session, env);
    (session, tokens)
}

/// The session after its refresh token was exchanged for `refresh`, with the new pair.
pub(crate) fn advance(
    session: &Session,
    refresh: &RefreshToken,
    key: &MasterKey,
    env: &Env,
) -> (Session, Tokens) {
    let access = refresh.access(key);
    let mut next = Session {
        refreshed_at: env.now,
        generation: refresh.generation,
        chain_key: key.id(),
        refresh_digest: refresh.digest(),
        access_digest: access.digest(),
        version: session.version.next(),
        ..session.clone()
    };
    // No access token outlives its session.
    let lifetime_end = env.now + env.policy().access_lifetime;
    next.access_expires_at = lifetime_end.min(next.refresh_expires_at());
    let tokens = texts(&access, refresh, &next, env);
    (next, tokens)
}

/// A session's current pair, derived again.
pub(crate) fn pair(
    refresh: &RefreshToken,
    key: &MasterKey,
    session: &Session,
    env: &Env,
) -> Tokens {
    texts(&refresh.access(key), refresh, session, env)
}

fn texts(access: &AccessToken, refresh: &RefreshToken, session: &Session, env: &Env) -> Tokens {
    Tokens {
        access: access.reveal(),
        refresh: refresh.reveal(),
        expires_in: session.access_expires_at - env.now,
    }
}
