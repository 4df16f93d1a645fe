//! Authenticating a request by an API key: one read, one hash, mostly no write.

use crate::command::{Commit, FindApiKey, OwnedApiKey, Write};
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
/// That the key was used is written down at most once a minute, in a write that cannot conflict. A revocation,
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
    now: Timestamp,
) -> Step<Result<ApiKey, Refusal>> {
    let Ok(token) = ApiKeyToken::parse(text) else {
        return Step::Done(Err(Refusal::InvalidToken));
    };
    let scope = scope.map(str::to_owned);
    ask(FindApiKey { id: token.id() }, move |found| match check(&token, found, scope, now) {
        Ok(key) => remember(key, now),
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

/// Whether the key is good for this now.
///
/// The secret is compared first: only who holds a genuine key learns what became of it.
fn check(
    token: &ApiKeyToken,
    found: Option<OwnedApiKey>,
    scope: Option<String>,
    now: Timestamp,
) -> Result<ApiKey, Refusal> {
    let OwnedApiKey { key, standing } = found.ok_or(Refusal::InvalidToken)?;
    if token.digest() != key.digest {
        return Err(Refusal::InvalidToken);
    }
    match (key.state(&standing, now), scope) {
        (ApiKeyState::Revoked, _) => Err(Refusal::RevokedToken),
        (ApiKeyState::Expired, _) => Err(Refusal::ExpiredToken),
        (ApiKeyState::Live, Some(scope)) if !key.scopes.contains(&scope) => {
            Err(Refusal::Forbidden { scope })
        }
        (ApiKeyState::Live, _) => Ok(key),
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
