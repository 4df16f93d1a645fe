//! From a token to the onboarding session behind it, and to the account that it is about.

use crate::command::{FindOnboarding, FindUser, UserKey};
use crate::env::Env;
use crate::event::Event;
use crate::flow::attempts::{self, Refused};
use crate::model::{OnboardingSession, User};
use crate::onboarding::state::{Goal, State};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::token::OnboardingToken;

/// An onboarding session that goes on, as it was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) token: OnboardingToken,
    pub(super) record: OnboardingSession,
    pub(super) state: State,
    /// The account as it is stored; as it will be, where it is not there yet.
    pub(super) account: Box<User>,
}

/// Finds the session of a token and its account, and goes on if both still stand.
///
/// Genuineness comes first: only who holds the token learns what became of the session.
pub(super) fn find<T: 'static>(
    token: OnboardingToken,
    env: Env,
    then: impl FnOnce(Found, Env) -> Step<Result<T, Refusal>> + Send + 'static,
) -> Step<Result<T, Refusal>> {
    ask(FindOnboarding { id: token.id() }, move |found| {
        let record = found.filter(|record| record.digest == token.digest());
        let Some(record) = record else { return Step::Done(Err(Refusal::OnboardingUnknown)) };
        let Some(state) = State::open(&record, env.keys()) else {
            return Step::Done(Err(Refusal::OnboardingUnknown));
        };
        if state.is_complete {
            return Step::Done(Err(Refusal::OnboardingComplete));
        }
        if env.now >= record.expires_at {
            return expired(&record, &state, env);
        }
        with_account(token, record, state, env, then)
    })
}

fn expired<T: 'static>(
    record: &OnboardingSession,
    state: &State,
    env: Env,
) -> Step<Result<T, Refusal>> {
    let user = state.known_user();
    let event = Event::OnboardingSessionExpired { onboarding: record.id };
    let refused = Refused { user, session: None, event };
    attempts::refuse(refused, &record.id, Refusal::OnboardingExpired, env)
}

/// Who signs in does so into an account that is as it was when they began: whatever ends sessions ends this.
fn with_account<T: 'static>(
    token: OnboardingToken,
    record: OnboardingSession,
    state: State,
    env: Env,
    then: impl FnOnce(Found, Env) -> Step<Result<T, Refusal>> + Send + 'static,
) -> Step<Result<T, Refusal>> {
    let (user, epoch) = match &state.goal {
        // Who began before it was closed is not let in by that.
        Goal::SignUp(_) if !env.settings().onboarding().is_open() => {
            return Step::Done(Err(Refusal::RegistrationClosed));
        }
        Goal::SignUp(draft) => {
            let account = Box::new(draft.user(env.now));
            return then(Found { token, record, state, account }, env);
        }
        Goal::SignIn { user, epoch } => (*user, *epoch),
    };
    ask(FindUser { key: UserKey::Id(user) }, move |found| match found {
        Some(user) if user.may_be_used() && user.epoch == epoch => {
            then(Found { token, record, state, account: Box::new(user) }, env)
        }
        Some(_) | None => Step::Done(Err(Refusal::OnboardingUnknown)),
    })
}
