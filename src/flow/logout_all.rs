//! Logout everywhere: end all sessions of a user with one write.

use super::authenticate::check_found_with_user;
use super::presented::{FoundWithUser, find_with_user};
use crate::command::{Commit, Conflict, Write};
use crate::env::Env;
use crate::event::Event;
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::Access;
use crate::token::backend::Presented;

type Outcome = Result<(), Refusal>;

/// Ends all sessions of the access token's user, this one included.
///
/// The user's epoch goes up, and every token of an earlier one is dead: one write, however many
/// sessions there are.
///
/// # Errors
///
/// As [`authenticate_user`](super::authenticate_user), and [`Refusal::Busy`].
pub fn logout_all(access_token: &str, env: Env) -> Step<Outcome> {
    match env.tokens().read_access(access_token, env.now) {
        Ok(token) => look(token, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(token: Presented<Access>, env: Env) -> Step<Outcome> {
    find_with_user(token, env.tokens().records(), move |token, found| {
        match check_found_with_user(&token, found, env.now) {
            Ok(found) => raise_epoch(token, found, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

/// The session is guarded too: a token that was revoked meanwhile ends nobody's sessions.
fn raise_epoch(token: Presented<Access>, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    let FoundWithUser { session, user, record } = found;
    let was = user.version;
    let user = user.with_new_epoch(env.now);
    let event = env.event(Some(user.id), Some(session.id), Event::UserLogoutAll);
    let batch = record
        .guard(session.id, Commit::new())
        .write(Write::ReplaceUser { user: Box::new(user), was })
        .event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(token, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first must not save the sessions: the token is not held
/// against the next generation. That the session still stands is.
fn look_again(token: Presented<Access>, env: Env) -> Step<Outcome> {
    find_with_user(token, env.tokens().records(), move |token, found| match found {
        Some(found) if found.is_revoked() => Step::Done(Err(Refusal::RevokedToken)),
        Some(found) => raise_epoch(token, found, env),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}
