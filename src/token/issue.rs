//! Opening a session, and moving it on to its next pair of tokens.

use super::backend::{Pair, Unprintable};
use super::{AccessToken, RefreshToken, Tokens};
use crate::env::Env;
use crate::keys::MasterKey;
use crate::model::{JsonObject, Lifetime, Method, Session, User, Version};
use crate::owed::Cleared;
use crate::secret::Secret;
use crate::time::Timestamp;

/// What a sign-in grants.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) methods: Vec<Method>,
    /// When who signs in proved who they are.
    pub(crate) auth_time: Timestamp,
    pub(crate) lifetime: Lifetime,
    pub(crate) claims: JsonObject,
}

/// One link of a chain of opaque tokens: a pair, and the key that it derives from.
pub(crate) struct Link<'a> {
    refresh: RefreshToken,
    access: AccessToken,
    key: &'a MasterKey,
}

impl<'a> Link<'a> {
    pub(crate) fn new(refresh: RefreshToken, key: &'a MasterKey) -> Self {
        Self { access: refresh.access(key), refresh, key }
    }
}

/// A new session with its first pair of tokens. Its id is made here, never taken from a client
/// (ASVS 5.0 7.2.4). It takes the proof that nothing is owed.
pub(crate) fn open(
    user: &User,
    grant: Grant,
    _: Cleared,
    env: &mut Env,
) -> Result<(Session, Tokens), Unprintable> {
    let (id, secret) = (env.new_session_id(), env.new_token_secret());
    let link = Link::new(RefreshToken::new(id, 0, Secret::new(secret)), env.keys().newest());
    let session = Session {
        id,
        user: user.id,
        epoch: user.epoch,
        methods: grant.methods,
        auth_time: grant.auth_time,
        client: env.client.clone(),
        created_at: env.now,
        refreshed_at: env.now,
        idle_timeout: grant.lifetime.idle.min(Session::LONGEST_IDLE),
        expires_at: env.now + grant.lifetime.absolute,
        access_expires_at: env.now + env.policy().access_lifetime,
        generation: 0,
        chain_key: link.key.id(),
        refresh_digest: link.refresh.digest(),
        access_digest: link.access.digest(),
        claims: grant.claims,
        ended: None,
        version: Version::FIRST,
    };
    let tokens = pair(&session, Some(&link), env)?;
    Ok((session, tokens))
}

/// The session in its next generation, with the new pair. `link` is the next one of an opaque chain;
/// there is none where a signed refresh token was presented.
pub(crate) fn advance(
    session: &Session,
    generation: u32,
    link: Option<&Link<'_>>,
    env: &Env,
) -> Result<(Session, Tokens), Unprintable> {
    let mut next = Session {
        refreshed_at: env.now,
        generation,
        version: session.version.next(),
        ..session.clone()
    };
    if let Some(link) = link {
        next.chain_key = link.key.id();
        next.refresh_digest = link.refresh.digest();
        next.access_digest = link.access.digest();
    }
    // No access token outlives its session.
    let lifetime_end = env.now + env.policy().access_lifetime;
    next.access_expires_at = lifetime_end.min(next.refresh_expires_at());
    let tokens = pair(&next, link, env)?;
    Ok((next, tokens))
}

/// A session's current pair.
pub(crate) fn pair(
    session: &Session,
    link: Option<&Link<'_>>,
    env: &Env,
) -> Result<Tokens, Unprintable> {
    let (access, refresh) = (link.map(|link| &link.access), link.map(|link| &link.refresh));
    env.tokens().print(&Pair { session, access, refresh, now: env.now })
}
