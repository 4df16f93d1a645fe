//! Logout everywhere: end all sessions of a user with one write.

use super::authenticate::check_found_with_user;
use crate::command::{Commit, Conflict, FindSessionWithUser, Guard, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::{Session, SessionId, User};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::AccessToken;

type Outcome = Result<(), Refusal>;

/// Ends all sessions of the access token's user, this one included.
///
/// The user's epoch goes up, and every token of an earlier one is dead: one write, however many
/// sessions there are.
///
/// # Errors
///
/// As [`authenticate`](super::authenticate), and [`Refusal::Busy`].
pub fn logout_all(access_token: &str, env: Env) -> Step<Outcome> {
    match AccessToken::parse(access_token) {
        Ok(token) => look(token, env),
        Err(_) => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn look(token: AccessToken, env: Env) -> Step<Outcome> {
    ask(FindSessionWithUser { id: token.session() }, move |found| {
        match check_found_with_user(&token, found, env.now) {
            Ok((session, user)) => raise_epoch(&session, user, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

/// The session is guarded too: a token that was revoked meanwhile ends nobody's sessions.
fn raise_epoch(session: &Session, user: User, mut env: Env) -> Step<Outcome> {
    let (id, was) = (session.id, user.version);
    let user = user.with_new_epoch(env.now);
    let event = env.event(Some(user.id), Some(id), Event::UserLogoutAll);
    let batch = Commit::new()
        .guard(Guard::SessionVersion { id, version: session.version })
        .write(Write::ReplaceUser { user: Box::new(user), was })
        .event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first must not save the sessions: the token is not held
/// against the next generation. That the session still stands is.
fn look_again(id: SessionId, env: Env) -> Step<Outcome> {
    ask(FindSessionWithUser { id }, move |found| match found {
        Some((session, user)) if !session.is_revoked(&user.standing()) => {
            raise_epoch(&session, user, env)
        }
        Some(_) => Step::Done(Err(Refusal::RevokedToken)),
        None => Step::Done(Err(Refusal::InvalidToken)),
    })
}
