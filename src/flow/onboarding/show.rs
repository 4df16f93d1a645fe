//! What a client is told.

use super::steps;
use crate::env::Env;
use crate::model::User;
use crate::onboarding::state::State;
use crate::onboarding::{ClientHint, Need, OnboardingResult, OnboardingState, Revealed};
use crate::refusal::{FieldError, Refusal};
use crate::token::OnboardingToken;

/// The current step, as a client shows it.
pub(super) fn step(
    token: &OnboardingToken,
    state: &State,
    account: &User,
    revealed: Option<Revealed>,
    env: &Env,
) -> Result<OnboardingResult, Refusal> {
    let hint = ClientHint { revealed, ..hint(state, account, env)? };
    Ok(result(token, state, OnboardingState::InProgress { hint }))
}

/// The same step, and what was wrong.
pub(super) fn errors(
    token: &OnboardingToken,
    state: &State,
    account: &User,
    errors: Vec<FieldError>,
    env: &Env,
) -> Result<OnboardingResult, Refusal> {
    let hint = hint(state, account, env)?;
    Ok(result(token, state, OnboardingState::Error { hint, errors }))
}

/// A step that the application has no more leads nowhere: it is started again.
fn hint(state: &State, account: &User, env: &Env) -> Result<ClientHint, Refusal> {
    let step = steps::current(state, env).ok_or(Refusal::OnboardingUnknown)?;
    let need = steps::need(&*step, state, account, env);
    Ok(ClientHint {
        step_name: step.name().to_owned(),
        skippable: need == Need::Offered,
        revealed: None,
        ..step.hint(&steps::progress(state, account, env))
    })
}

pub(super) fn result(
    token: &OnboardingToken,
    state: &State,
    shown: OnboardingState,
) -> OnboardingResult {
    let (behind, ahead) = state.steps.split_at_checked(state.behind).unwrap_or_default();
    OnboardingResult {
        session_token: token.reveal(),
        state: shown,
        completed_steps: behind.to_vec(),
        remaining_steps: ahead.to_vec(),
    }
}
