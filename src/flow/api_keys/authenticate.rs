//! Authenticating a request by an API key: one read, one hash, mostly no write.

use crate::command::{Commit, FindApiKey, OwnedApiKey, Standing, Write};
use crate::env::Env;
use crate::event::{ApiKeyFailure, Event};
use crate::flow::attempts::{self, Refused};
use crate::model::{ApiKey, ApiKeyState};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::{Duration, Timestamp};
use crate::token::ApiKeyToken;

/// How exactly it is remembered when a key was used last.
const TOUCHED_EVERY: Duration = Duration::from_minutes(1);

/// Authenticates a request by an API key, and returns the key's record as it was before this use;
/// [`ApiKey::user`] is for whom the request acts.
///
/// With a `scope`, the key must have it. Without one, any key will do: ask for a scope wherever the
/// application has declared some.
///
/// That the key was used is written down at most once a minute, in a write that cannot conflict; that a genuine
/// one was refused as well ([`Event::ApiKeyRefused`]). A revocation,
/// and whatever ends all sessions of the user, takes effect with the next request.
///
/// # Errors
///
/// [`Refusal::InvalidToken`], [`Refusal::RevokedToken`], [`Refusal::ExpiredToken`], [`Refusal::Forbidden`].
///
/// # Security
///
/// A key is no session. It opens no door that takes an access token, and no access token is taken here.
pub fn authenticate_api_key(
    text: &str,
    scope: Option<&str>,
    env: Env,
) -> Step<Result<ApiKey, Refusal>> {
    let Ok(token) = ApiKeyToken::parse(text) else {
        return Step::Done(Err(Refusal::InvalidToken));
    };
    let scope = scope.map(str::to_owned);
    ask(FindApiKey { id: token.id() }, move |found| {
        let Some(OwnedApiKey { key, standing }) = genuine(&token, found) else {
            return Step::Done(Err(Refusal::InvalidToken));
        };
        match check(&key, &standing, scope, env.now) {
            Ok(()) => remember(key, env.now),
            Err((reason, refusal)) => {
                let event = Event::ApiKeyRefused { key: key.id, reason };
                let refused = Refused { user: Some(key.user), session: None, event };
                attempts::refuse(refused, &key.id, refusal, env)
            }
        }
    })
}

/// The key, if this is its secret: only who holds a genuine one learns what became of it.
fn genuine(token: &ApiKeyToken, found: Option<OwnedApiKey>) -> Option<OwnedApiKey> {
    found.filter(|found| token.digest() == found.key.digest)
}

/// Whether the key is good for this now.
fn check(
    key: &ApiKey,
    standing: &Standing,
    scope: Option<String>,
    now: Timestamp,
) -> Result<(), (ApiKeyFailure, Refusal)> {
    match (key.state(standing, now), scope) {
        (ApiKeyState::Revoked, _) => Err((ApiKeyFailure::Revoked, Refusal::RevokedToken)),
        (ApiKeyState::Expired, _) => Err((ApiKeyFailure::Expired, Refusal::ExpiredToken)),
        (ApiKeyState::Live, Some(scope)) if !key.scopes.contains(&scope) => {
            Err((ApiKeyFailure::MissingScope, Refusal::Forbidden { scope }))
        }
        (ApiKeyState::Live, _) => Ok(()),
    }
}

/// Writes down that the key was used, if that was not done within the last minute.
fn remember(key: ApiKey, now: Timestamp) -> Step<Result<ApiKey, Refusal>> {
    if key.last_used_at.is_some_and(|last| now < last + TOUCHED_EVERY) {
        return Step::Done(Ok(key));
    }
    let batch = Commit::new().write(Write::TouchApiKey { id: key.id, at: now });
    ask(batch, move |_| Step::Done(Ok(key)))
}
