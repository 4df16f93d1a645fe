//! Getting other recovery codes.

use super::{Change, may_change};
use crate::command::Conflict;
use crate::env::Env;
use crate::flow::fresh;
use crate::flow::own_account::Asker;
use crate::flow::presented::FoundWithUser;
use crate::recovery_codes;
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::step::{Step, ask};

type Outcome = Result<Vec<Secret<String>>, Refusal>;

/// Gives an access token's user, who signed in with a second factor a short while ago, other recovery codes. They
/// are told this once: only digests of them are kept. Those from before count no more.
///
/// All other sessions and all API keys end; this session goes on. The account's address is told.
///
/// A client that got no answer may ask again.
///
/// # Errors
///
/// As [`authenticate_user`](crate::flow::authenticate_user), and [`Refusal::StepUpRequired`],
/// [`Refusal::NotFound`] where there is no second factor, [`Refusal::Busy`].
pub fn replace_recovery_codes(access_token: &str, env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => look(asker, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| match may_change(&found, &env) {
        Ok(()) => replace(asker, found, env),
        Err(refusal) => fresh::refuse(&found.session, refusal, env),
    })
}

fn replace(asker: Asker, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    let (codes, digests) = recovery_codes::generate(found.user.id, &mut env);
    let batch = Change::NewRecoveryCodes(digests).within_session(found, &mut env);
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(Ok(codes)),
        Err(Conflict) if env.retries.spend() => look(asker, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
