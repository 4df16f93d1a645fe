//! What second factors an account has.

use crate::env::Env;
use crate::flow::fresh;
use crate::flow::own_account::Asker;
use crate::model::User;
use crate::refusal::Refusal;
use crate::step::Step;
use crate::time::Timestamp;

/// The second factors of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactors {
    /// Since when it is bound to an authenticator app; `None` if it is not.
    pub totp_since: Option<Timestamp>,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: usize,
}

/// Tells an access token's user, who signed in a short while ago, what second factors the account has.
///
/// # Errors
///
/// As [`authenticate_user`](crate::flow::authenticate_user), and [`Refusal::StepUpRequired`].
pub fn second_factors(access_token: &str, env: Env) -> Step<Result<SecondFactors, Refusal>> {
    match Asker::read(access_token, &env) {
        Ok(asker) => {
            asker.find_with_user(env, |_, found, env| match fresh::require(&found, &env) {
                Ok(()) => Step::Done(Ok(SecondFactors::of(&found.user))),
                Err(refusal) => fresh::refuse(&found.session, refusal, env),
            })
        }
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

impl SecondFactors {
    fn of(user: &User) -> Self {
        let totp_since = user.totp.as_ref().map(|factor| factor.enrolled_at);
        Self { totp_since, recovery_codes_left: user.recovery_codes.len() }
    }
}
