//! Unbinding one's account from its authenticator app.

use super::{Change, may_change};
use crate::command::Conflict;
use crate::env::Env;
use crate::flow::fresh;
use crate::flow::own_account::Asker;
use crate::flow::presented::FoundWithUser;
use crate::refusal::Refusal;
use crate::step::{Step, ask};

type Outcome = Result<(), Refusal>;

/// Takes the authenticator app from the account of an access token's user, who signed in with it, or with a
/// recovery code, a short while ago. The recovery codes go with it.
///
/// All other sessions and all API keys end; this session goes on. The account's address is told. Who lost the app
/// signs in with a recovery code, and then removes it or binds the account to another one.
///
/// # Errors
///
/// As [`authenticate_user`](crate::flow::authenticate_user), and [`Refusal::StepUpRequired`],
/// [`Refusal::NotFound`] where there is none, [`Refusal::FactorRequired`] where this account must have one,
/// [`Refusal::Busy`].
pub fn remove_totp(access_token: &str, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| match may_remove(&found, &env) {
        Ok(()) => remove(asker, found, env),
        Err(refusal) => fresh::refuse(&found.session, refusal, env),
    })
}

fn may_remove(found: &FoundWithUser, env: &Env) -> Result<(), Refusal> {
    may_change(found, env)?;
    let is_required = env.policy().second_factor.is_required_of(&found.user);
    if is_required { Err(Refusal::FactorRequired) } else { Ok(()) }
}

fn remove(asker: Asker, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    let batch = Change::Removed { by_admin: false }.within_session(found, &mut env);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(())),
        Err(Conflict) if env.retries.spend() => look(asker, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
