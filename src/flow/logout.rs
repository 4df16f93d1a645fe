//! Logout: end one session.

use super::authenticate::check_found;
use super::presented::{Found, find};
use crate::command::{Commit, Conflict};
use crate::env::Env;
use crate::event::Event;
use crate::model::EndReason;
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::Access;
use crate::token::backend::Presented;

type Outcome = Result<(), Refusal>;

/// Ends the session of an access token. Both its tokens are dead when this succeeds.
///
/// Where nothing is recorded ([`Records::Nothing`](crate::token::backend::Records)) there is nothing to
/// end: the sign-out is reported, and the client forgets its tokens.
///
/// # Errors
///
/// As [`authenticate_user`](super::authenticate_user), and [`Refusal::Busy`].
pub fn logout(access_token: &str, env: Env) -> Step<Outcome> {
    match env.tokens().read_access(access_token, env.now) {
        Ok(token) => look(token, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(token: Presented<Access>, env: Env) -> Step<Outcome> {
    find(token, env.tokens().records(), move |token, found| {
        match check_found(&token, found, env.now) {
            Ok(found) => end(token, found, env),
            Err(refusal) => Step::Done(Err(refusal)),
        }
    })
}

/// Ends the session that a good token led to.
pub(super) fn end(
    token: Presented<Access>,
    Found { session, record, .. }: Found,
    mut env: Env,
) -> Step<Outcome> {
    let event = env.event(Some(session.user), Some(session.id), Event::UserLogout);
    let batch = Commit::new().event(event);
    let batch = record.write(session.end(EndReason::SignedOut, env.now), batch);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look_again(token, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

/// The token was good, so a refresh that came first must not save the session: the token is not held
/// against the next generation. Whatever else ended it meanwhile did what was asked, once that is sure to last.
fn look_again(token: Presented<Access>, mut env: Env) -> Step<Outcome> {
    find(token, env.tokens().records(), move |token, found| match found {
        Some(found) if !found.is_revoked() => end(token, found, env),
        Some(Found { session, record, .. }) => {
            ask(record.guard(session.id, Commit::new()), move |committed| match committed {
                Ok(()) => Step::Done(Ok(())),
                Err(Conflict) if env.retries.spend() => look_again(token, env),
                Err(Conflict) => Step::Done(Err(Refusal::Busy)),
            })
        }
        None => Step::Done(Ok(())),
    })
}
