//! Beginning to register: count, look whether one is under way, commit.

use super::{show, steps};
use crate::command::{Commit, Conflict, FindOnboarding, Write};
use crate::env::Env;
use crate::event::Event;
use crate::flow::attempts::{self, Reservation};
use crate::flow::credentials;
use crate::model::{AttemptKey, Email, OnboardingId, User, Version};
use crate::onboarding::state::{Goal, State, Typed, new_token};
use crate::onboarding::{Draft, OnboardingResult, StartOnboarding};
use crate::refusal::Refusal;
use crate::step::{Step, ask};

type Outcome = Result<OnboardingResult, Refusal>;

/// Begins a registration with an address, and says what its first step is.
///
/// Nothing is looked up about the address, and there is no account before the last step is done: who stops half
/// way leaves nothing behind but a record that expires after
/// [`Policy::onboarding_lifetime`](crate::Policy::onboarding_lifetime).
///
/// An onboarding that was begun for the same address before ends with it, unless
/// [`Policy::one_onboarding_per_email`](crate::Policy::one_onboarding_per_email) is off. A client that got no
/// answer begins again.
///
/// # Errors
///
/// [`Refusal::Invalid`] for what is no address, [`Refusal::RateLimited`],
/// [`Refusal::RegistrationClosed`], [`Refusal::Busy`].
///
/// # Security
///
/// Anybody may ask. Where one registration per address is on, whoever knows an address can end what its owner
/// began, and learns nothing by it.
pub fn start_onboarding(request: StartOnboarding, env: Env) -> Step<Outcome> {
    if !env.settings().onboarding().is_open() {
        return Step::Done(Err(Refusal::RegistrationClosed));
    }
    match credentials::address("email", &request.email) {
        Ok(email) => count(email, request, env),
        Err(refusal) => Step::Done(Err(refusal)),
    }
}

fn count(email: Email, request: StartOnboarding, env: Env) -> Step<Outcome> {
    let Some(ip) = env.client.ip() else { return look(email, request, None, env) };
    let key = AttemptKey::onboarding_network(ip);
    let command = attempts::count(&key, env.policy().onboarding_network, &env);
    ask(command, move |verdict| match attempts::admit(key, verdict, &env) {
        Ok(counted) => look(email, request, Some(counted), env),
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

/// Looks whether one is under way. Where there may be many, each has an id of its own.
fn look(
    email: Email,
    request: StartOnboarding,
    counted: Option<Reservation>,
    mut env: Env,
) -> Step<Outcome> {
    if !env.policy().one_onboarding_per_email {
        let id = env.new_onboarding_id();
        return begin(email, request, id, None, env);
    }
    let id = OnboardingId::derived("testudo/v1/sign-up", &[email.key().as_str().as_bytes()]);
    ask(FindOnboarding { id }, move |found| {
        begin(email, request, id, found.map(|found| found.version), env)
    })
    .on_fault(attempts::give_back(&counted))
}

fn begin(
    email: Email,
    request: StartOnboarding,
    id: OnboardingId,
    replaced: Option<Version>,
    mut env: Env,
) -> Step<Outcome> {
    let (state, account) = first_state(&email, &request, &mut env);
    let token = new_token(id, &mut env);
    let until = env.now + env.policy().onboarding_lifetime;
    let session = Box::new(state.begin(&token, until, replaced, &mut env));
    let write = match replaced {
        Some(was) => Write::ReplaceOnboarding { session, was },
        None => Write::InsertOnboarding(session),
    };
    let started = Event::OnboardingStarted { onboarding: id, email: email.key().masked() };
    let batch = Commit::new().write(write).event(env.event(None, None, started));
    ask(batch, move |committed| match committed {
        Ok(()) => Step::Done(show::step(&token, &state, &account, None, &env)),
        Err(Conflict) if env.retries.spend() => look(email, request, None, env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}

fn first_state(email: &Email, request: &StartOnboarding, env: &mut Env) -> (State, User) {
    let password = env.unusable_password();
    let account = User::new(env.new_user_id(), email.clone(), password, env.now);
    let mut state = State {
        goal: Goal::SignUp(Box::new(Draft::new(&account))),
        email: Typed(email.clone()),
        steps: env.settings().onboarding().order_of_sign_up().to_vec(),
        behind: 0,
        kept: Default::default(),
        methods: Vec::new(),
        auth_time: env.now,
        remember: request.remember,
        claims: request.claims.clone(),
        ip: env.client.ip(),
        is_complete: false,
    };
    // Somebody has to register: there is always a step left.
    let _ = steps::arrive(&mut state, &account, env);
    (state, account)
}
