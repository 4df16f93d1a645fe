//! Going on: look, let the current step take what was said, commit, show the next one.

use super::session::{Found, find};
use super::{finish, show, steps};
use crate::command::{Commit, Conflict, Write};
use crate::env::Env;
use crate::event::{Event, EventKind};
use crate::flow::attempts;
use crate::model::{OnboardingSession, User};
use crate::onboarding::state::{Goal, State};
use crate::onboarding::{
    Advance, Counted, Input, Need, OnboardingResult, Outcome as Came, Revealed, Turn, Turned,
};
use crate::refusal::{FieldError, Refusal};
use crate::step::{Step, ask};
use crate::token::OnboardingToken;

pub(super) type Outcome = Result<OnboardingResult, Refusal>;

/// Says something to the current step of an onboarding session, or skips it.
///
/// The result is the next step, the same one with what was wrong, or, when all is done, a session. What happens
/// is committed with the version of the onboarding session, so that of any number of requests at once one moves
/// it on; nothing is shown before that. Only who owes nothing is let in: what is still
/// [`owed`](crate::owed::owed) when the last step is behind becomes another step.
///
/// An account that registers is made at the end, with everything in one commit. One that signs in is changed by
/// each step as it is done.
///
/// # Errors
///
/// [`Refusal::OnboardingUnknown`], [`Refusal::OnboardingExpired`], [`Refusal::OnboardingComplete`];
/// [`Refusal::RegistrationClosed`], where nobody can sign up any more;
/// [`Refusal::OnboardingMoved`] for all but one of many requests at once; [`Refusal::RateLimited`] and
/// [`Refusal::SecondFactorStopped`] after too many guesses; [`Refusal::EmailTaken`], only to who verified the
/// address and found that somebody else did so meanwhile; [`Refusal::Invalid`] for claims that do not fit into a
/// token; [`Refusal::Unanswered`], [`Refusal::Busy`]. That a step does not accept what was said is no refusal,
/// but a result.
pub fn advance_onboarding(session_token: &str, request: Advance, env: Env) -> Step<Outcome> {
    match OnboardingToken::parse(session_token) {
        Ok(token) => find(token, env, |found, env| take(found, request, Counted::default(), env)),
        Err(_) => Step::Done(Err(Refusal::OnboardingUnknown)),
    }
}

/// A request on its way, and what it found.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) token: OnboardingToken,
    pub(super) record: OnboardingSession,
    /// The account as it is stored.
    pub(super) stored: Box<User>,
    /// How far it was.
    pub(super) state: State,
    /// What was said, to be said again if the account changed meanwhile.
    said: Advance,
}

fn take(found: Found, said: Advance, counted: Counted, env: Env) -> Step<Outcome> {
    let Found { token, record, state, account } = found;
    let is_meant = said.step.as_deref().is_none_or(|step| Some(step) == state.current());
    let Some(step) = steps::current(&state, &env).filter(|_| is_meant) else {
        return Step::Done(show::step(&token, &state, &account, None, &env));
    };
    let input = said.input.clone();
    let request = Request { token, record, stored: account.clone(), state: state.clone(), said };
    let (batch, was_counted) = (Commit::new(), false);
    let turn = |answers| Turn { answers, state, account, batch, counted, was_counted, env };
    match input {
        Input::Data(answers) => {
            step.advance(turn(answers)).then(move |turned| settle(request, turned))
        }
        Input::Skip => skip(request, turn(Default::default())),
    }
}

fn skip(request: Request, turn: Turn) -> Step<Outcome> {
    let need = steps::current(&turn.state, &turn.env)
        .map(|step| steps::need(&*step, &turn.state, &turn.account, &turn.env));
    if need == Some(Need::Offered) {
        let step = current_name(&turn);
        let onboarding = request.record.id;
        return leave(request, turn, Event::OnboardingStepSkipped { onboarding, step });
    }
    let error = FieldError::new("skip", "not_skippable", "this step cannot be skipped");
    fail(request, turn, vec![error])
}

fn settle(request: Request, Turned { turn, outcome }: Turned) -> Step<Outcome> {
    match outcome {
        Came::Done => {
            let (onboarding, step) = (request.record.id, current_name(&turn));
            leave(request, turn, Event::OnboardingStepCompleted { onboarding, step })
        }
        Came::Stay(revealed) => save(request, turn, revealed),
        Came::Failed(errors) => fail(request, turn, errors),
        Came::Refused(refusal) => refuse(turn, refusal),
    }
}

fn current_name(turn: &Turn) -> String {
    turn.state.current().unwrap_or_default().to_owned()
}

/// Goes to the next step, or in.
fn leave(request: Request, mut turn: Turn, event: Event) -> Step<Outcome> {
    let event = turn.env.event(turn.known_user(), None, event);
    turn.commit(|batch| batch.event(event));
    steps::leave(&mut turn.state);
    match steps::arrive(&mut turn.state, &turn.account, &turn.env) {
        Some(cleared) => finish::finish(request, turn, cleared),
        None => save(request, turn, None),
    }
}

/// Commits how far it went, with what the step changed, and shows what is next.
fn save(request: Request, mut turn: Turn, revealed: Option<Revealed>) -> Step<Outcome> {
    let account = write_account(&request, &mut turn);
    let session = Box::new(turn.state.replace(&request.record, &mut turn.env));
    if session.sealed.len() > OnboardingSession::MAX_SEALED_BYTES {
        return fail_as_too_long(request, turn);
    }
    let was = request.record.version;
    let batch = std::mem::take(&mut turn.batch)
        .write_all(account)
        .write(Write::ReplaceOnboarding { session, was });
    ask(batch, move |committed| match committed {
        Ok(()) => {
            let Turn { state, account, env, .. } = turn;
            Step::Done(show::step(&request.token, &state, &account, revealed, &env))
        }
        Err(Conflict) => again(request, turn.counted, turn.env),
    })
}

/// There is so much to keep that a store need not hold it. The step changed nothing.
fn fail_as_too_long(request: Request, mut turn: Turn) -> Step<Outcome> {
    turn.batch = Commit::new();
    let error = FieldError::new("data", "too_long", "expected less to be filled in");
    fail(request, turn, vec![error])
}

/// What is stored of an account that is there already, if the step changed it. One that is not there yet is kept
/// with the session.
fn write_account(request: &Request, turn: &mut Turn) -> Option<Write> {
    if let Goal::SignUp(draft) = &mut turn.state.goal {
        **draft = draft.with(&turn.account);
        return None;
    }
    if turn.account == request.stored {
        return None;
    }
    let was = request.stored.version;
    turn.account.version = was.next();
    turn.account.updated_at = turn.env.now;
    turn.state.goal = Goal::SignIn { user: turn.account.id, epoch: turn.account.epoch };
    Some(Write::ReplaceUser { user: turn.account.clone(), was })
}

/// Another request came first. If it moved the session on, what was said was said to a step that is behind; if
/// not, it is said again, and counts as once.
pub(super) fn again(request: Request, counted: Counted, mut env: Env) -> Step<Outcome> {
    if !env.retries.spend() {
        return Step::Done(Err(Refusal::Busy));
    }
    let Request { token, record, said, .. } = request;
    find(token, env, move |found, env| {
        if found.record.version == record.version {
            take(found, said, counted.made(), env)
        } else {
            Step::Done(Err(Refusal::OnboardingMoved))
        }
    })
}

/// Shows what was wrong. The session stays as it is, and so does the account.
///
/// A guess that was counted is recorded each time; what anybody may say as often as they like, once a minute.
pub(super) fn fail(request: Request, turn: Turn, errors: Vec<FieldError>) -> Step<Outcome> {
    let (id, was_counted) = (request.record.id, turn.was_counted);
    let codes = errors.iter().map(|error| error.code.clone().into_owned()).collect();
    let failed = Event::OnboardingStepFailed { onboarding: id, step: current_name(&turn), codes };
    let Turn { env, batch, .. } = turn;
    let failure = Failure { request, errors, failed, batch };
    if was_counted {
        return record(failure, env);
    }
    attempts::rarely(EventKind::OnboardingStepFailed, &id, env, move |is_rare, env| {
        if is_rare { record(failure, env) } else { Step::Done(failure.show(&env)) }
    })
}

/// What was wrong, and what is recorded of it.
struct Failure {
    request: Request,
    errors: Vec<FieldError>,
    failed: Event,
    batch: Commit,
}

fn record(failure: Failure, mut env: Env) -> Step<Outcome> {
    let event = env.event(failure.request.state.known_user(), None, failure.failed.clone());
    let batch = failure.batch.clone().event(event);
    ask(batch, move |_| Step::Done(failure.show(&env)))
}

impl Failure {
    fn show(self, env: &Env) -> Outcome {
        let Request { token, stored, state, .. } = &self.request;
        show::errors(token, state, stored, self.errors, env)
    }
}

/// Refuses the request. What the step wants recorded is.
fn refuse(turn: Turn, refusal: Refusal) -> Step<Outcome> {
    if turn.batch.events.is_empty() {
        return Step::Done(Err(refusal));
    }
    ask(turn.batch, move |_| Step::Done(Err(refusal)))
}
