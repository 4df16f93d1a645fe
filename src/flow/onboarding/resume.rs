//! Looking once more at how far somebody is.

use super::session::find;
use super::show;
use crate::env::Env;
use crate::onboarding::OnboardingResult;
use crate::refusal::Refusal;
use crate::step::Step;
use crate::token::OnboardingToken;

/// Says what the current step of an onboarding session is, and changes nothing.
///
/// What was shown once is not shown again.
///
/// # Errors
///
/// [`Refusal::OnboardingUnknown`], [`Refusal::OnboardingExpired`], [`Refusal::OnboardingComplete`],
/// [`Refusal::RegistrationClosed`].
pub fn resume_onboarding(session_token: &str, env: Env) -> Step<Result<OnboardingResult, Refusal>> {
    match OnboardingToken::parse(session_token) {
        Ok(token) => find(token, env, |found, env| {
            Step::Done(show::step(&found.token, &found.state, &found.account, None, &env))
        }),
        Err(_) => Step::Done(Err(Refusal::OnboardingUnknown)),
    }
}
