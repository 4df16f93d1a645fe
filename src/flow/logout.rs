//! Logout: end one session.

use super::authenticate::check_found;
use crate::command::{Commit, Conflict, FindSession, OwnedSession, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::{EndReason, Session, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::AccessToken;

type Outcome = Result<(), Refusal>;

/// Ends the session of an access token. Both its tokens are dead when this succeeds.
///
/// # Errors
///
/// As [`authenticate`](super::authenticate), and [`Refusal::Busy`].
pub fn logout(access_token: &str, env: Env) -> Step<Outcome> {
    match AccessToken::parse(access_token) {
        Ok(token) => look(token, env),
        Err(_) => Step::Done(Err(Refusal::InvalidToken)),
    }
}

fn look(token: AccessToken, env: Env) -> Step<Outcome> {
    ask(FindSession { id: token.session() }, move |found| {
        match check_found(&token, found, env.now) {
            Ok(session) => end(session, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

fn end(session: Session, mut env: Env) -> Step<Outcome> {
    let (id, was) = (session.id, session.version);
    let event = env.event(Some(session.user), Some(id), Event::UserLogout);
    let ended = session.end(EndReason::SignedOut, env.now);
    let batch =
        Commit::new().write(Write::ReplaceSession { session: Box::new(ended), was }).event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(id, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first must not save the session: the token is not held
/// against the next generation. Whatever else ended it meanwhile did what was asked.
fn look_again(id: SessionId, env: Env) -> Step<Outcome> {
    ask(FindSession { id }, move |found| match found {
        Some(OwnedSession { session, standing }) if !session.is_revoked(&standing) => {
            end(session, env)
        }
        Some(_) | None => Step::Done(Ok(())),
    })
}
