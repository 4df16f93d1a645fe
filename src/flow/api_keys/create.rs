//! Making an API key.

use std::collections::BTreeSet;

use crate::command::{Conflict, ListApiKeys, Write};
use crate::env::{Env, Settings};
use crate::event::Event;
use crate::flow::fresh;
use crate::flow::own_account::{Asker, while_session_stands};
use crate::flow::presented::FoundWithUser;
use crate::model::{ApiKey, ApiKeyState, Version};
use crate::policy::Policy;
use crate::refusal::{FieldError, Refusal};
use crate::secret::Secret;
use crate::step::{Step, ask};
use crate::time::Duration;
use crate::token::ApiKeyToken;

/// A request for an API key.
#[derive(Clone, Debug)]
pub struct CreateApiKey {
    /// What its owner calls it: 1 to 100 characters, none of them a control character. White space around
    /// it is dropped.
    pub name: String,
    /// What it may be used for: at most 32 of
    /// [`Settings::api_key_scopes`](crate::Settings::api_key_scopes), none twice.
    pub scopes: Vec<String>,
    /// After what time it counts no more; `None` for never.
    pub expires_in: Option<Duration>,
}

impl CreateApiKey {
    /// How many characters a name may have.
    pub const MOST_NAME_CHARS: usize = 100;

    /// How many scopes a key may have.
    pub const MOST_SCOPES: usize = 32;

    /// A request for a key without scopes that never expires.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), scopes: Vec::new(), expires_in: None }
    }
}

type Outcome = Result<(ApiKey, Secret<String>), Refusal>;

/// Makes an API key for an access token's user, who signed in a short while ago. The key is told this once:
/// only a digest of it is kept.
///
/// Of any number of parallel requests no more are granted than
/// [`Policy::api_keys`](crate::Policy::api_keys) says; keys that expired or whose epoch is over do not count,
/// and are revoked when room is needed.
///
/// A client that got no answer may ask again. It then has a key that it does not know, and can revoke.
///
/// # Errors
///
/// As [`authenticate`](crate::flow::authenticate), and [`Refusal::StepUpRequired`], [`Refusal::Invalid`] with
/// all that is wrong with the request, [`Refusal::TooMany`], [`Refusal::Busy`].
pub fn create_api_key(access_token: &str, request: CreateApiKey, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, request, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, request: CreateApiKey, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| {
        let accepted = fresh::require(&found, &env).and_then(|()| accept(request, env.settings()));
        match accepted {
            Ok(request) => count(asker, request, found, env),
            Err(refusal) => fresh::refuse(&found.session, refusal, env),
        }
    })
}

/// The request, with its name trimmed, if it is acceptable.
fn accept(request: CreateApiKey, settings: &Settings) -> Result<CreateApiKey, Refusal> {
    let request = CreateApiKey { name: request.name.trim().to_owned(), ..request };
    let checks = [
        wrong_name(&request.name),
        wrong_scopes(&request.scopes, settings.api_key_scopes()),
        wrong_span(request.expires_in),
    ];
    let errors: Vec<_> = checks.into_iter().flatten().collect();
    if errors.is_empty() { Ok(request) } else { Err(Refusal::Invalid(errors)) }
}

fn wrong_name(name: &str) -> Option<FieldError> {
    let most = CreateApiKey::MOST_NAME_CHARS;
    let fits = (1..=most).contains(&name.chars().count()) && !name.contains(char::is_control);
    let message = || format!("expected 1 to {most} characters, none of them a control character");
    (!fits).then(|| FieldError::new("name", "invalid_name", message()))
}

/// What was asked for is not repeated: it may be anything.
fn wrong_scopes(scopes: &[String], allowed: &[String]) -> Option<FieldError> {
    let error = |code, message: String| Some(FieldError::new("scopes", code, message));
    let most = CreateApiKey::MOST_SCOPES;
    if scopes.len() > most {
        return error("too_many_scopes", format!("expected at most {most} scopes"));
    }
    if scopes.iter().any(|scope| !allowed.contains(scope)) {
        let expected = match allowed {
            [] => "expected no scopes: there are none".to_owned(),
            _ => format!("expected scopes out of: {}", allowed.join(", ")),
        };
        return error("unknown_scope", expected);
    }
    if scopes.iter().collect::<BTreeSet<_>>().len() < scopes.len() {
        return error("repeated_scope", "expected each scope once".to_owned());
    }
    None
}

fn wrong_span(span: Option<Duration>) -> Option<FieldError> {
    let is_wrong = span.is_some_and(|span| span < Duration::from_secs(1));
    is_wrong.then(|| FieldError::new("expires_in", "too_short", "expected at least a second"))
}

/// Counts the user's keys. All that were not revoked fit into one page: there are never more of them than
/// a policy allows.
fn count(asker: Asker, request: CreateApiKey, found: FoundWithUser, env: Env) -> Step<Outcome> {
    let command = ListApiKeys { user: found.user.id, before: None, limit: Policy::MOST_AT_ONCE };
    ask(command, move |keys| {
        let most = usize::try_from(env.policy().api_keys).unwrap_or(usize::MAX);
        let is_full = keys.len() >= most;
        let standing = found.user.standing();
        let (live, dead): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| key.state(&standing, env.now) == ApiKeyState::Live);
        if live.len() >= most {
            return Step::Done(Err(Refusal::TooMany { most: env.policy().api_keys }));
        }
        let in_the_way = if is_full { dead } else { Vec::new() };
        create(asker, request, found, in_the_way, env)
    })
}

/// The user is replaced by the same at the next version: of all who counted the same keys, one goes on. The
/// session is guarded: a token that was revoked meanwhile makes nothing.
fn create(
    asker: Asker,
    request: CreateApiKey,
    FoundWithUser { session, user, record }: FoundWithUser,
    in_the_way: Vec<ApiKey>,
    mut env: Env,
) -> Step<Outcome> {
    let token = ApiKeyToken::new(env.new_api_key_id(), Secret::new(env.new_token_secret()));
    let key = ApiKey {
        id: token.id(),
        user: user.id,
        epoch: user.epoch,
        name: request.name.clone(),
        scopes: request.scopes.clone(),
        digest: token.digest(),
        created_at: env.now,
        expires_at: request.expires_in.map(|span| env.now + span),
        last_used_at: None,
        revoked_at: None,
        version: Version::FIRST,
    };
    let created = Event::ApiKeyCreated { key: key.id, scopes: key.scopes.clone() };
    let event = env.event(Some(user.id), Some(session.id), created);
    let was = user.version;
    let mut batch = while_session_stands(record, session.id)
        .write(Write::ReplaceUser { user: Box::new(user.with_next_version()), was });
    for dead in in_the_way {
        let was = dead.version;
        batch = batch.write(Write::ReplaceApiKey { key: Box::new(dead.revoke(env.now)), was });
    }
    let batch = batch.write(Write::InsertApiKey(Box::new(key.clone()))).event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok((key, token.reveal()))),
        Err(Conflict) if env.retries.spend() => look_again(asker, request, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first changes nothing: the token is not held against the
/// next generation. That the session still stands is.
fn look_again(asker: Asker, request: CreateApiKey, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| count(asker, request, found, env))
}
