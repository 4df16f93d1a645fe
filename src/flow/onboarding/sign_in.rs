//! A sign-in that owes something: what is owed becomes the steps of an onboarding.

use super::{show, steps};
use crate::command::{Commit, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::entrance::{Arrival, Way};
use crate::model::{OnboardingSession, User};
use crate::onboarding::state::{Goal, State, Typed, new_token};
use crate::onboarding::{Need, OnboardingResult};
use crate::owed::{Owed, owed};
use crate::refusal::Refusal;
use crate::token::OnboardingToken;

/// Somebody who proved who they are, and has steps to take.
#[derive(Debug)]
pub(in crate::flow) struct Pending {
    token: OnboardingToken,
    state: State,
    account: User,
    owes: Vec<Owed>,
}

/// Which way somebody goes who proved who they are: in, if they owe nothing and no step of the application's is
/// needed.
pub(in crate::flow) fn sign_in(user: &User, arrival: &Arrival, env: &mut Env) -> Way {
    let owes = owed(user, &arrival.methods, env.policy());
    let mut state = State {
        goal: Goal::SignIn { user: user.id, epoch: user.epoch },
        email: Typed(user.email.clone()),
        steps: owes.iter().flat_map(|debt| debt.steps()).map(|&step| step.to_owned()).collect(),
        behind: 0,
        kept: Default::default(),
        methods: arrival.methods.clone(),
        auth_time: arrival.auth_time,
        remember: arrival.remember,
        claims: arrival.claims.clone(),
        ip: env.client.ip(),
        is_complete: false,
    };
    add_steps_of_the_application(&mut state, user, env);
    match steps::arrive(&mut state, user, env) {
        Some(cleared) => Way::In(cleared),
        None => {
            let token = new_token(env.new_onboarding_id(), env);
            Way::Owing(Box::new(Pending { token, state, account: user.clone(), owes }))
        }
    }
}

fn add_steps_of_the_application(state: &mut State, user: &User, env: &Env) {
    let onboarding = env.settings().onboarding();
    for name in onboarding.order_at_sign_in() {
        let is_needed = onboarding
            .step(name)
            .is_some_and(|step| steps::need(&**step, state, user, env) != Need::No);
        if is_needed && !state.steps.contains(name) {
            state.steps.push(name.clone());
        }
    }
}

impl Pending {
    /// The batch with the onboarding session in it, and what it shows.
    pub(in crate::flow) fn open(
        self,
        batch: Commit,
        env: &mut Env,
    ) -> (Commit, Result<OnboardingResult, Refusal>) {
        let Self { token, state, account, owes } = self;
        let until = env.now + env.policy().sign_in_lifetime;
        let session: OnboardingSession = state.begin(&token, until, None, env);
        let event = Event::UserLoginPending { onboarding: session.id, owes };
        let event = env.event(Some(account.id), None, event);
        let batch = batch.write(Write::InsertOnboarding(Box::new(session))).event(event);
        let shown = show::step(&token, &state, &account, None, env);
        (batch, shown)
    }
}
