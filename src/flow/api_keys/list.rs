//! Listing one's API keys.

use crate::command::{ListApiKeys, Standing};
use crate::env::Settings;
use crate::flow::authenticate::check_found;
use crate::flow::presented::find;
use crate::model::{ApiKey, ApiKeyId, ApiKeyState, UserId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// Which part of a list of API keys is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiKeyPage {
    /// The last key of the page before; `None` for the first page.
    pub before: Option<ApiKeyId>,
    /// How many keys at most. Default 100.
    pub limit: u32,
}

impl Default for ApiKeyPage {
    fn default() -> Self {
        Self { before: None, limit: 100 }
    }
}

/// An API key as its owner sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedApiKey {
    /// The key. It holds a digest of its secret, never the secret.
    pub key: ApiKey,
    /// What it is good for. [`ApiKeyState::Revoked`] are those here whose epoch is over, or whose user may
    /// not be used; those that were revoked one by one are not listed.
    pub state: ApiKeyState,
}

type Outcome = Result<Vec<ListedApiKey>, Refusal>;

/// Lists the API keys of an access token's user that were not revoked, newest first.
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate).
pub fn list_api_keys(
    access_token: &str,
    page: ApiKeyPage,
    settings: &Settings,
    now: Timestamp,
) -> Step<Outcome> {
    let tokens = settings.tokens();
    let token = match tokens.read_access(access_token, now) {
        Ok(token) => token,
        Err(refusal) => return Step::Done(Err(refusal)),
    };
    find(token, tokens.records(), move |token, found| match check_found(&token, found, now) {
        Ok(found) => list(found.session.user, found.standing, page, now),
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

/// The keys of a user of this standing.
pub(in crate::flow) fn list(
    user: UserId,
    standing: Standing,
    ApiKeyPage { before, limit }: ApiKeyPage,
    now: Timestamp,
) -> Step<Outcome> {
    ask(ListApiKeys { user, before, limit }, move |keys| {
        let listed = keys.into_iter().map(|key| {
            let state = key.state(&standing, now);
            ListedApiKey { key, state }
        });
        Step::Done(Ok(listed.collect()))
    })
}
