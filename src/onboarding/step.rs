//! What a step is, and what it works with.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::state::{Goal, State};
use super::steps::ProfileField;
use super::{Answers, ClientHint, Counted, Revealed};
use crate::command::{Commit, Consult, Question};
use crate::env::{Env, Settings};
use crate::model::{Email, InvitationId, JsonObject, Method, User, UserId};
use crate::refusal::{FieldError, Refusal};
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// One step of onboarding.
///
/// A step is as pure as a flow: it looks at what it is given, may ask the application a typed question
/// ([`Turn::consult`]), and says whether it is done. What it changed is committed, with everything else of the
/// request, or not at all.
///
/// ```
/// use testudo::Step;
/// use testudo::FieldError;
/// use testudo::onboarding::{ClientHint, Field, FieldType, Need, OnboardingStep, Progress, Turn, Turned};
///
/// /// Asks how somebody heard of us.
/// #[derive(Debug)]
/// struct Source;
///
/// impl OnboardingStep for Source {
///     fn name(&self) -> &str {
///         "source"
///     }
///     fn need(&self, _: &Progress<'_>) -> Need {
///         Need::Offered
///     }
///     fn hint(&self, _: &Progress<'_>) -> ClientHint {
///         let field = Field::required("source", FieldType::Text, "How did you hear of us?");
///         ClientHint::new("One question", "Your answer helps us.").field(field)
///     }
///     fn advance(&self, mut turn: Turn) -> Step<Turned> {
///         match turn.answers().required_text("source").map(str::to_owned) {
///             Ok(source) => {
///                 turn.profile_mut().insert("source".into(), source.into());
///                 turn.done()
///             }
///             Err(error) => turn.fail([error]),
///         }
///     }
/// }
/// ```
pub trait OnboardingStep: fmt::Debug + Send + Sync {
    /// Its name, by which pipelines, clients and events know it. The same at every call.
    fn name(&self) -> &str;

    /// Whether it is to be taken.
    fn need(&self, progress: &Progress<'_>) -> Need;

    /// What a client shows for it, in the phase in which it is. Its name, and whether it may be skipped, are
    /// put in by the engine. Nothing secret: it is shown whenever somebody resumes.
    fn hint(&self, progress: &Progress<'_>) -> ClientHint;

    /// What its phase has revealed, once more for who got it wrong: they are shown the phase again, and what was
    /// wrong. Nothing unless it says so. Who resumes is not shown it.
    ///
    /// # Security
    ///
    /// Whoever holds the session token may see it as often as they like: only what they could have had anew, and
    /// what is good for nothing before the step is done.
    fn revealed_again(&self, _: &Progress<'_>) -> Option<Revealed> {
        None
    }

    /// The fields of the profile that it fills in, which their owner may change later
    /// ([`update_profile`](crate::flow::update_profile)). None unless it says so.
    fn profile_fields(&self) -> &[ProfileField] {
        &[]
    }

    /// Takes what was said to it.
    fn advance(&self, turn: Turn) -> Step<Turned>;
}

/// Whether a step is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It cannot be left out.
    Required,
    /// It may be skipped.
    Offered,
    /// It is passed over.
    No,
}

/// How far somebody is, for a step that decides whether it is needed and what to show.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    pub(crate) state: &'a State,
    pub(crate) account: &'a User,
    pub(crate) settings: &'a Settings,
    pub(crate) now: Timestamp,
}

impl<'a> Progress<'a> {
    /// The address that it is about.
    #[must_use]
    pub const fn email(&self) -> &'a Email {
        &self.account.email
    }

    /// The account, or what it will be: somebody who registers has none before the last step.
    #[must_use]
    pub const fn user(&self) -> &'a User {
        self.account
    }

    /// How they proved so far who they are.
    #[must_use]
    pub fn methods(&self) -> &'a [Method] {
        &self.state.methods
    }

    /// Whether somebody registers, and does not sign in.
    #[must_use]
    pub const fn is_sign_up(&self) -> bool {
        matches!(self.state.goal, Goal::SignUp(_))
    }

    /// What the current step kept, if it is of this type.
    #[must_use]
    pub fn kept<T: DeserializeOwned>(&self) -> Option<T> {
        kept(&self.state.kept)
    }

    /// What the application set.
    #[must_use]
    pub const fn settings(&self) -> &'a Settings {
        self.settings
    }

    /// What time it is.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether the step of this name is behind: done, skipped or not needed.
    #[must_use]
    pub fn is_behind(&self, step: &str) -> bool {
        self.state.steps.iter().take(self.state.behind).any(|behind| behind == step)
    }
}

/// One request to a step: what was said, and all that the step may change.
#[derive(Debug)]
pub struct Turn {
    pub(crate) answers: Answers,
    pub(crate) state: State,
    pub(crate) account: Box<User>,
    /// What else is to be committed with the answer.
    pub(crate) batch: Commit,
    /// What this request counted.
    pub(crate) counted: Counted,
    /// Whether a guess at a secret was counted.
    pub(crate) was_counted: bool,
    pub(crate) env: Env,
}

/// What a step made of a request. Only [`Turn`] makes one.
#[derive(Debug)]
pub struct Turned {
    pub(crate) turn: Turn,
    pub(crate) outcome: Outcome,
}

/// How it came out.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The step is behind.
    Done,
    /// It goes on with its next phase.
    Stay(Option<Revealed>),
    /// It will not do. What the step changed comes to nothing; what it wants recorded stays.
    Failed(Vec<FieldError>),
    /// The whole request is refused.
    Refused(Refusal),
}

impl Turn {
    /// What was said.
    #[must_use]
    pub const fn answers(&self) -> &Answers {
        &self.answers
    }

    /// How far they are.
    #[must_use]
    pub fn progress(&self) -> Progress<'_> {
        let (state, account, now) = (&self.state, &*self.account, self.env.now);
        Progress { state, account, settings: self.env.settings(), now }
    }

    /// The account, or what it will be.
    #[must_use]
    pub const fn user(&self) -> &User {
        &self.account
    }

    /// What the application keeps about the user, to be changed.
    pub const fn profile_mut(&mut self) -> &mut JsonObject {
        &mut self.account.profile
    }

    /// What the step kept in its phase before, if it is of this type.
    #[must_use]
    pub fn kept<T: DeserializeOwned>(&self) -> Option<T> {
        kept(&self.state.kept)
    }

    /// Keeps something until the step's next phase. It is encrypted, and gone when the step is behind.
    pub fn keep<T: Serialize>(&mut self, kept: &T) {
        let kept = serde_json::to_value(kept).unwrap_or_default();
        self.state.kept = JsonObject::from_iter([(KEPT.to_owned(), kept)]);
    }

    /// Forgets what was kept.
    pub fn forget(&mut self) {
        self.state.kept.clear();
    }

    /// Asks the application.
    ///
    /// An answer that is none to this question refuses the request
    /// ([`Refusal::Unanswered`](crate::Refusal::Unanswered)).
    pub fn consult<Q: Question>(
        self,
        question: &Q,
        then: impl FnOnce(Self, Q::Answer) -> Step<Turned> + Send + 'static,
    ) -> Step<Turned> {
        ask(Consult::about(question), move |answer: Value| match serde_json::from_value(answer) {
            Ok(answer) => then(self, answer),
            Err(_) => self.refuse(Refusal::Unanswered { question: Q::NAME }),
        })
    }

    /// The step is done.
    pub fn done(mut self) -> Step<Turned> {
        self.forget_attempts();
        self.turned(Outcome::Done)
    }

    /// The step goes on with its next phase.
    pub fn stay(self) -> Step<Turned> {
        self.turned(Outcome::Stay(None))
    }

    /// The step goes on with its next phase, and shows a secret this once.
    pub fn stay_revealing(self, secret: Revealed) -> Step<Turned> {
        self.turned(Outcome::Stay(Some(secret)))
    }

    /// What was said will not do.
    pub fn fail(self, errors: impl IntoIterator<Item = FieldError>) -> Step<Turned> {
        let errors = errors.into_iter().collect();
        self.turned(Outcome::Failed(errors))
    }

    pub(crate) fn refuse(self, refusal: Refusal) -> Step<Turned> {
        self.turned(Outcome::Refused(refusal))
    }

    /// Adds to what is committed with the answer.
    pub(crate) fn commit(&mut self, add: impl FnOnce(Commit) -> Commit) {
        self.batch = add(std::mem::take(&mut self.batch));
    }

    /// The account at this address is displaced by the one that is to be.
    pub(crate) fn displace(&mut self, owner: UserId) {
        if let Goal::SignUp(draft) = &mut self.state.goal {
            draft.displaced = Some(owner);
        }
    }

    /// The invitation that is accepted, if one is.
    pub(crate) fn accept(&mut self, invitation: InvitationId) {
        if let Goal::SignUp(draft) = &mut self.state.goal {
            draft.invitation = Some(invitation);
        }
    }

    /// The account, if it is there already.
    pub(crate) const fn known_user(&self) -> Option<UserId> {
        self.state.known_user()
    }

    /// Whether an account is no obstacle to who registers with its address: nobody showed that the address is
    /// theirs.
    #[allow(clippy::unused_self, reason = "it reads as what it is about")]
    pub(crate) const fn may_be_claimed(&self, owner: &User) -> bool {
        !owner.is_verified && owner.may_be_used()
    }

    /// Who they are was proved by this method, now.
    pub(crate) fn proved(&mut self, method: Method) {
        if !self.state.methods.contains(&method) {
            self.state.methods.push(method);
        }
        self.state.auth_time = self.env.now;
    }

    const fn turned(self, outcome: Outcome) -> Step<Turned> {
        Step::Done(Turned { turn: self, outcome })
    }
}

const KEPT: &str = "kept";

fn kept<T: DeserializeOwned>(kept: &JsonObject) -> Option<T> {
    serde_json::from_value(kept.get(KEPT)?.clone()).ok()
}
