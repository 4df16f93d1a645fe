//! What a client is told.

use std::sync::Arc;

use super::steps;
use crate::env::Env;
use crate::model::User;
use crate::onboarding::state::State;
use crate::onboarding::{
    ClientHint, Need, OnboardingResult, OnboardingState, OnboardingStep, Revealed,
};
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
    let step = current(state, env)?;
    let hint = ClientHint { revealed, ..hint(&*step, state, account, env) };
    Ok(result(token, state, OnboardingState::InProgress { hint }))
}

/// The same step, with what it showed before, and what was wrong.
pub(super) fn errors(
    token: &OnboardingToken,
    state: &State,
    account: &User,
    errors: Vec<FieldError>,
    env: &Env,
) -> Result<OnboardingResult, Refusal> {
    let step = current(state, env)?;
    let revealed = step.revealed_again(&steps::progress(state, account, env));
    let hint = ClientHint { revealed, ..hint(&*step, state, account, env) };
    Ok(result(token, state, OnboardingState::Error { hint, errors }))
}

/// A step that the application has no more leads nowhere: it is started again.
fn current(state: &State, env: &Env) -> Result<Arc<dyn OnboardingStep>, Refusal> {
    steps::current(state, env).ok_or(Refusal::OnboardingUnknown)
}

fn hint(step: &dyn OnboardingStep, state: &State, account: &User, env: &Env) -> ClientHint {
    let need = steps::need(step, state, account, env);
    ClientHint {
        step_name: step.name().to_owned(),
        skippable: need == Need::Offered,
        revealed: None,
        ..step.hint(&steps::progress(state, account, env))
    }
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
