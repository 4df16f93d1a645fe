//! Looking at somebody's API keys, and revoking them.

use crate::command::{Conflict, FindApiKey, FindUser, UserKey};
use crate::env::Env;
use crate::flow::api_keys::{self, ApiKeyPage, ListedApiKey};
use crate::model::ApiKeyId;
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// Lists the API keys of a user that were not revoked, newest first.
///
/// # Errors
///
/// [`Refusal::NotFound`] where there is no such user.
pub fn user_api_keys(
    user: UserKey,
    page: ApiKeyPage,
    now: Timestamp,
) -> Step<Result<Vec<ListedApiKey>, Refusal>> {
    ask(FindUser { key: user }, move |found| match found {
        Some(user) => api_keys::list(user.id, user.standing(), page, now),
        None => Step::Done(Err(Refusal::NotFound)),
    })
}

/// Revokes an API key, whosever it is.
///
/// # Errors
///
/// [`Refusal::NotFound`] where there is no such key that was not revoked before, [`Refusal::Busy`].
pub fn revoke_api_key(id: ApiKeyId, mut env: Env) -> Step<Result<(), Refusal>> {
    ask(FindApiKey { id }, move |found| {
        let Some(key) = api_keys::is_there(found) else {
            return Step::Done(Err(Refusal::NotFound));
        };
        let batch = api_keys::revocation(key, None, &mut env);
        ask(batch, move |committed| match committed {
            Ok(()) => Step::Done(Ok(())),
            Err(Conflict) if env.retries.spend() => revoke_api_key(id, env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
}
