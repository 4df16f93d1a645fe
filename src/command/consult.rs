//! Asking the application.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something that an application's own onboarding step wants to know from the application: whether a company
/// code is good, say. The type of the question names the type of its answer.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use testudo::command::{Consult, Question};
///
/// /// Which company has this code.
/// #[derive(Serialize, Deserialize)]
/// struct CompanyOf { code: String }
///
/// impl Question for CompanyOf {
///     type Answer = Option<String>;
///     const NAME: &'static str = "company_of";
/// }
///
/// let asked = Consult::about(&CompanyOf { code: "T-42".into() });
/// assert_eq!(asked.name, "company_of");
/// assert_eq!(asked.question::<CompanyOf>().unwrap().code, "T-42");
/// ```
pub trait Question: Serialize + DeserializeOwned + Send + 'static {
    /// What is answered.
    type Answer: Serialize + DeserializeOwned + Send + 'static;

    /// Its name, which tells it from the application's other questions.
    const NAME: &'static str;
}

/// Asks the application something, in an onboarding step of its own.
///
/// The question and its answer travel as JSON, so that a driver need not know their types.
///
/// What an answerer must uphold: the answer is one of the [`Question`] of this name. Asking changes nothing
/// that may not be asked for twice: the flow may ask again, and what it decided may come to nothing. An
/// application that does not answer in good time is a fault.
#[derive(Clone)]
pub struct Consult {
    /// Which question it is.
    pub name: &'static str,
    /// What is asked.
    pub question: Value,
}

impl Consult {
    /// The command that asks this.
    #[must_use]
    pub fn about<Q: Question>(question: &Q) -> Self {
        // What does not go into JSON is asked as `null`, which no answerer takes for a question.
        Self { name: Q::NAME, question: serde_json::to_value(question).unwrap_or_default() }
    }

    /// The question, if it is of this type.
    ///
    /// # Errors
    ///
    /// When it is of another one.
    pub fn question<Q: Question>(&self) -> Result<Q, serde_json::Error> {
        serde_json::from_value(self.question.clone())
    }
}

/// Shows the name only: what is asked came from a client.
impl fmt::Debug for Consult {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Consult").field("name", &self.name).finish_non_exhaustive()
    }
}
