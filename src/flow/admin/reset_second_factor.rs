//! Taking an account's second factor away, for somebody who lost it.

use super::as_it_is;
use crate::command::{Conflict, FindUser, UserKey};
use crate::env::Env;
use crate::flow::totp::Change;
use crate::model::User;
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// Takes authenticator app and recovery codes from an account. There is nothing to do where there are none.
///
/// All its sessions and API keys end. Guesses that were counted are forgotten, and so is the hard stop. The
/// account's address is told. Where a second factor is required, the next sign-in enrols another one.
///
/// # Errors
///
/// [`Refusal::NotFound`], [`Refusal::Busy`].
///
/// # Security
///
/// The password alone opens the account then. Whoever asks for it must have shown who they are as well as when
/// the factor was enrolled (ASVS 5.0 6.4.4).
pub fn reset_second_factor(user: UserKey, mut env: Env) -> Step<Result<User, Refusal>> {
    ask(FindUser { key: user.clone() }, move |found| {
        let Some(found) = found else { return Step::Done(Err(Refusal::NotFound)) };
        if !found.has_second_factor() {
            return as_it_is(found, env, move |env| reset_second_factor(user, env));
        }
        let (changed, batch) = Change::Removed { by_admin: true }.of_account(found, None, &mut env);
        ask(batch, move |committed| match committed {
            Ok(()) => Step::Done(Ok(changed)),
            Err(Conflict) if env.retries.spend() => reset_second_factor(user, env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
}
