//! Beginning to bind one's account to an authenticator app: make a seed, let it wait, show it.

use super::{may_enrol, waiting};
use crate::command::{Conflict, FindOnboarding};
use crate::env::Env;
use crate::flow::fresh;
use crate::flow::own_account::{Asker, while_both_stand};
use crate::flow::presented::FoundWithUser;
use crate::onboarding::RevealedSeed;
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::totp::Seed;

type Outcome = Result<RevealedSeed, Refusal>;

/// Shows an access token's user, who signed in a short while ago and whose address is verified, the seed of an
/// authenticator app. It is the account's once [`confirm_totp`](super::confirm_totp) saw a code of it, within
/// ten minutes.
///
/// An app that the account is bound to already goes on counting until then. To begin again makes another seed,
/// and the one before counts no more. Nothing is counted: there is one row for each user, and no secret is
/// looked at.
///
/// # Errors
///
/// As [`authenticate_user`](crate::flow::authenticate_user), and [`Refusal::StepUpRequired`],
/// [`Refusal::EmailUnverified`], [`Refusal::Busy`].
///
/// # Security
///
/// Show the seed to whom the access token belongs, this once: mark the answer as not to be stored.
pub fn begin_totp(access_token: &str, mut env: Env) -> Step<Outcome> {
    match Asker::read(access_token, &env) {
        Ok(asker) => {
            let seed = Seed::new(&mut env);
            look(asker, seed, env)
        }
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn look(asker: Asker, seed: Seed, env: Env) -> Step<Outcome> {
    asker.find_with_user(env, |asker, found, env| match may_enrol(&found, &env) {
        Ok(()) => keep(asker, seed, found, env),
        Err(refusal) => fresh::refuse(&found.session, refusal, env),
    })
}

fn keep(asker: Asker, seed: Seed, found: FoundWithUser, mut env: Env) -> Step<Outcome> {
    ask(FindOnboarding { id: waiting::id(found.user.id) }, move |before| {
        let write = waiting::keep(&seed, found.user.id, before, &mut env);
        ask(while_both_stand(&found).write(write), move |committed| match committed {
            Ok(()) => {
                let (account, service) = (found.user.email.as_str(), env.settings().service_name());
                Step::Done(Ok(seed.reveal(account, service)))
            }
            Err(Conflict) if env.retries.spend() => look(asker, seed, env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
}
