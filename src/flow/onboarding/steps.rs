//! From one step to the next.

use std::sync::Arc;

use crate::env::Env;
use crate::model::User;
use crate::onboarding::state::State;
use crate::onboarding::{Need, OnboardingStep, Progress};
use crate::owed::{Cleared, Owed, clear, owed};

/// The current step, as the application has it.
pub(super) fn current(state: &State, env: &Env) -> Option<Arc<dyn OnboardingStep>> {
    env.settings().onboarding().step(state.current()?).cloned()
}

/// How far somebody is.
pub(super) fn progress<'a>(state: &'a State, account: &'a User, env: &'a Env) -> Progress<'a> {
    Progress { state, account, settings: env.settings(), now: env.now }
}

/// Whether a step is to be taken. What pays a debt is, whatever the step says.
pub(super) fn need(step: &dyn OnboardingStep, state: &State, account: &User, env: &Env) -> Need {
    let debts = owed(account, &state.methods, env.policy());
    let pays = |debt: &Owed| debt.steps().first().is_some_and(|first| *first == step.name());
    if is_sign_in(state) && debts.iter().any(pays) {
        return Need::Required;
    }
    step.need(&progress(state, account, env))
}

const fn is_sign_in(state: &State) -> bool {
    matches!(state.goal, crate::onboarding::state::Goal::SignIn { .. })
}

/// Leaves the current step behind.
pub(super) fn leave(state: &mut State) {
    state.behind = state.behind.saturating_add(1);
    state.kept.clear();
}

/// Passes over what need not be taken. When all steps are behind, what is still owed becomes the steps ahead;
/// only who owes nothing has none left.
pub(super) fn arrive(state: &mut State, account: &User, env: &Env) -> Option<Cleared> {
    pass_over(state, account, env);
    if state.current().is_some() {
        return None;
    }
    match clear(account, &state.methods, env.policy()) {
        Ok(cleared) => Some(cleared),
        Err(debts) => {
            let steps = debts.into_iter().flat_map(Owed::steps);
            state.steps.extend(steps.map(|&step| step.to_owned()));
            None
        }
    }
}

fn pass_over(state: &mut State, account: &User, env: &Env) {
    while let Some(step) = current(state, env)
        && need(&*step, state, account, env) == Need::No
    {
        leave(state);
    }
}
