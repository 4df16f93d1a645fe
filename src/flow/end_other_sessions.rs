//! Ending all of one's sessions but the one from which it is asked.

use super::own_account::Asker;
use super::presented::FoundWithUser;
use crate::command::{Commit, Conflict, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::Session;
use crate::refusal::Refusal;
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Ends all sessions of the access token's user but the token's own.
///
/// The user's epoch goes up and this session goes with it: two writes, however many sessions there are. As with
/// [`logout_all`](super::logout_all()), API keys and links in mail end too. Where nothing is recorded
/// ([`Records::Nothing`](crate::token::backend::Records)) this session cannot be told from the others, and ends
/// with them: at the next refresh.
///
/// # Errors
///
/// As [`authenticate_user`](super::authenticate_user), and [`Refusal::Busy`].
pub fn end_other_sessions(access_token: &str, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, raise_epoch)
}

/// Writes user and session. The user comes first: where the two are kept apart, a crash in between ends this
/// session as well, and lets no other one live.
fn raise_epoch(asker: Asker, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    let FoundWithUser { session, user, record } = found;
    let was = user.version;
    let user = user.with_new_epoch(env.now);
    let event = env.event(Some(user.id), Some(session.id), Event::OtherSessionsEnded);
    let session = Session { epoch: user.epoch, version: session.version.next(), ..session };
    let batch = Commit::new().write(Write::ReplaceUser { user: Box::new(user), was });
    ask(record.write(session, batch).event(event), move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
