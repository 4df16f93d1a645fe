//! Logout everywhere: end all sessions of a user with one write.

use super::own_account::{Asker, while_session_stands};
use super::presented::FoundWithUser;
use crate::command::{Conflict, Write};
use crate::env::Env;
use crate::event::Event;
use crate::refusal::Refusal;
use crate::step::{Step, ask};

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
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, raise_epoch)
}

/// The session is guarded too: a token that was revoked meanwhile ends nobody's sessions.
fn raise_epoch(asker: Asker, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    let FoundWithUser { session, user, record } = found;
    let was = user.version;
    let user = user.with_new_epoch(env.now);
    let event = env.event(Some(user.id), Some(session.id), Event::UserLogoutAll);
    let batch = while_session_stands(record, session.id)
        .write(Write::ReplaceUser { user: Box::new(user), was })
        .event(event);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
