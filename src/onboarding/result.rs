//! What is asked of onboarding, and what it answers.

use super::{Answers, ClientHint};
use crate::flow::SignedIn;
use crate::model::JsonObject;
use crate::refusal::{FieldError, Refusal};
use crate::secret::Secret;

/// A request to begin.
#[derive(Clone, Debug)]
pub struct StartOnboarding {
    /// The address as typed.
    pub email: String,
    /// Whether the session at the end should last as long as one of a remembered user.
    pub remember: bool,
    /// What is to travel with that session; every authenticated request gets it back.
    pub claims: JsonObject,
}

impl StartOnboarding {
    /// A request that ends in an ordinary session without extra claims.
    #[must_use]
    pub fn new(email: impl Into<String>) -> Self {
        Self { email: email.into(), remember: false, claims: JsonObject::new() }
    }
}

/// A request to go on.
#[derive(Clone, Debug)]
pub struct Advance {
    /// The step that the client means. Where it is given and not the current one, nothing is done: so a form
    /// that is sent twice is not taken for the next one.
    pub step: Option<String>,
    /// What is said to it.
    pub input: Input,
}

/// What a client says to a step.
#[derive(Clone, Debug)]
pub enum Input {
    /// What was filled in; nothing, to begin a phase.
    Data(Answers),
    /// Leave the step out.
    Skip,
}

impl Advance {
    /// To the current step, whichever that is.
    #[must_use]
    pub fn with(data: impl Into<Answers>) -> Self {
        Self { step: None, input: Input::Data(data.into()) }
    }

    /// To leave the current step out.
    #[must_use]
    pub const fn skip() -> Self {
        Self { step: None, input: Input::Skip }
    }

    /// The same, if this is the current step.
    #[must_use]
    pub fn at(self, step: impl Into<String>) -> Self {
        Self { step: Some(step.into()), ..self }
    }
}

/// How far somebody is.
#[derive(Clone, Debug)]
pub struct OnboardingResult {
    /// Whose holder may go on. The same from the first answer to the last.
    pub session_token: Secret<String>,
    /// What is next.
    pub state: OnboardingState,
    /// The steps behind: done, skipped or not needed.
    pub completed_steps: Vec<String>,
    /// The steps ahead, the current one first.
    pub remaining_steps: Vec<String>,
}

/// What is next.
#[derive(Clone, Debug)]
pub enum OnboardingState {
    /// A step, or its next phase.
    InProgress {
        /// What is to be shown.
        hint: ClientHint,
    },
    /// The same step again: what was said to it will not do.
    Error {
        /// What is to be shown.
        hint: ClientHint,
        /// What was wrong.
        errors: Vec<FieldError>,
    },
    /// Nothing: they are let in.
    Completed(Box<SignedIn>),
}

/// What came of a right password, or of what stands in for one.
#[derive(Clone, Debug)]
#[must_use = "who owes something has no session yet"]
pub enum SignIn {
    /// They are let in.
    Completed(Box<SignedIn>),
    /// Something is still owed: a second factor, say. It is paid like any onboarding.
    Owing(Box<OnboardingResult>),
}

impl SignIn {
    /// The session, where nothing can be owed: no second factor, and no step at sign-in.
    ///
    /// # Errors
    ///
    /// [`Refusal::StepUpRequired`] when something is owed.
    pub fn signed_in(self) -> Result<SignedIn, Refusal> {
        match self {
            Self::Completed(signed_in) => Ok(*signed_in),
            Self::Owing(_) => Err(Refusal::StepUpRequired),
        }
    }

    /// What is owed, if something is.
    #[must_use]
    pub fn owing(self) -> Option<OnboardingResult> {
        match self {
            Self::Completed(_) => None,
            Self::Owing(result) => Some(*result),
        }
    }
}

impl OnboardingResult {
    /// The current step; `None` when there is none left.
    #[must_use]
    pub fn current_step(&self) -> Option<&str> {
        self.hint().map(|hint| hint.step_name.as_str())
    }

    /// What is to be shown, if something is left to do.
    #[must_use]
    pub const fn hint(&self) -> Option<&ClientHint> {
        match &self.state {
            OnboardingState::InProgress { hint } | OnboardingState::Error { hint, .. } => {
                Some(hint)
            }
            OnboardingState::Completed(_) => None,
        }
    }

    /// What was wrong with what was said last.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        match &self.state {
            OnboardingState::Error { errors, .. } => errors,
            OnboardingState::InProgress { .. } | OnboardingState::Completed(_) => &[],
        }
    }

    /// The session, once all is done.
    #[must_use]
    pub fn completed(self) -> Option<SignedIn> {
        match self.state {
            OnboardingState::Completed(signed_in) => Some(*signed_in),
            OnboardingState::InProgress { .. } | OnboardingState::Error { .. } => None,
        }
    }
}
