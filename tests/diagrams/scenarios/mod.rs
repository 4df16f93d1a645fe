//! The runs from which the diagrams are drawn.

mod account;
mod administration;
mod onboarding;
mod programs;
mod sessions;

use testudo::model::Client;
use testudo::onboarding::{OnboardingResult, OnboardingState, SignIn};
use testudo::testing::World;
use testudo::{Env, Refusal, Secret, Step};

use crate::recorder::{Path, run};

pub(crate) const ADA: &str = "ada@example.com";
pub(crate) const BOB: &str = "bob@example.com";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const NEW: &str = "a wholly different phrase";

/// Flows that belong together.
pub(crate) struct Chapter {
    pub(crate) title: &'static str,
    pub(crate) flows: Vec<Flow>,
}

/// One flow, or one way through it.
pub(crate) struct Flow {
    pub(crate) name: &'static str,
    /// What it does, in a sentence.
    pub(crate) about: &'static str,
    pub(crate) scenarios: Vec<Scenario>,
}

/// A run, in which the answer to one question may be bad news.
pub(crate) type Scenario = Box<dyn Fn(Option<usize>) -> Path>;

pub(crate) fn chapters() -> Vec<Chapter> {
    vec![
        Chapter { title: "Signing in and out", flows: sessions::flows() },
        Chapter { title: "Onboarding and second factors", flows: onboarding::flows() },
        Chapter { title: "One's own account", flows: account::flows() },
        Chapter { title: "Invitations, API keys and services", flows: programs::flows() },
        Chapter { title: "Administration", flows: administration::flows() },
    ]
}

fn flow<const N: usize>(name: &'static str, about: &'static str, scenarios: [Scenario; N]) -> Flow {
    Flow { name, about, scenarios: scenarios.into() }
}

/// A run of a flow, in a world that is prepared anew each time.
fn scenario<P: 'static, T: 'static>(
    prepare: impl Fn() -> (World, P) + 'static,
    flow: impl Fn(&P, &World, Env) -> Step<Result<T, Refusal>> + 'static,
    granted: impl Fn(&T) -> &'static str + 'static,
) -> Scenario {
    Box::new(move |otherwise| {
        let (mut world, prepared) = prepare();
        let env = world.env();
        let step = flow(&prepared, &world, env);
        run(step, &mut world, otherwise, |result| match result {
            Ok(done) => granted(&done).to_owned(),
            Err(refusal) => format!("refused: {}", refusal.name()),
        })
    })
}

/// The same for a flow that cannot refuse.
fn simple<T: 'static>(
    prepare: impl Fn() -> World + 'static,
    flow: impl Fn(&World) -> Step<T> + 'static,
    granted: &'static str,
) -> Scenario {
    Box::new(move |otherwise| {
        let mut world = prepare();
        let step = flow(&world);
        run(step, &mut world, otherwise, |_| granted.to_owned())
    })
}

/// A world with Ada's account, to which requests come from a network.
fn with_ada() -> World {
    let mut world = World::new();
    world.register(ADA, PASSWORD);
    world.change_user(ADA, |user| user.is_verified = true);
    world.set_client(Client::unknown().with_ip("192.0.2.1".parse().unwrap()));
    world
}

/// The same, and the access token of her session.
fn signed_in() -> (World, Secret<String>) {
    let mut world = with_ada();
    let access = world.login(ADA, PASSWORD).tokens.access;
    (world, access)
}

fn said(what: &'static str) -> impl Fn(&()) -> &'static str {
    move |&()| what
}

fn way(sign_in: &SignIn) -> &'static str {
    match sign_in {
        SignIn::Completed(_) => "a session",
        SignIn::Owing(_) => "what is owed, as an onboarding",
    }
}

fn shown(result: &OnboardingResult) -> &'static str {
    match &result.state {
        OnboardingState::InProgress { .. } => "what is next",
        OnboardingState::Error { .. } => "the same step, and what was wrong",
        OnboardingState::Completed(_) => "a session",
    }
}
