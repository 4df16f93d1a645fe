//! Typed functions as the application.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, ready};

use futures::future::BoxFuture;
use serde_json::Value;
use testudo::command::{Consult, Question};

use crate::{Application, Fault, FaultKind};

/// An [`Application`] that is made of functions, one for each question.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use testudo::command::{Consult, Question};
/// use testudo_driver::{Answers, Application as _, Fault};
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
/// let answers = Answers::new().answer(async |question: CompanyOf| -> Result<_, Fault> {
///     Ok((question.code == "T-42").then(|| "Testudo".to_owned()))
/// });
///
/// let asked = Consult::about(&CompanyOf { code: "T-42".into() });
/// let answer = smol::block_on(answers.consult(asked)).unwrap();
/// assert_eq!(answer, "Testudo");
/// ```
///
/// A function that needs something of its own, such as a pool of connections, keeps it for each answer:
///
/// ```
/// # use serde::{Deserialize, Serialize};
/// # use testudo::command::Question;
/// # use testudo_driver::Answers;
/// # #[derive(Serialize, Deserialize)]
/// # struct IsOpen;
/// # impl Question for IsOpen {
/// #     type Answer = bool;
/// #     const NAME: &'static str = "is_open";
/// # }
/// # let pool = std::sync::Arc::new(());
/// let answers = Answers::new().answer(move |_: IsOpen| {
///     let pool = pool.clone();
///     async move {
///         drop(pool); // ask it
///         Ok(true)
///     }
/// });
/// ```
#[derive(Default)]
pub struct Answers {
    by_name: BTreeMap<&'static str, Answerer>,
}

type Answerer =
    Box<dyn Fn(&Consult) -> BoxFuture<'static, Result<Value, Fault>> + Send + Sync + 'static>;

impl Answers {
    /// Answers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with an answer to one more question. A second one to the same question takes the place of the
    /// first.
    #[must_use]
    pub fn answer<Q, F, R>(mut self, answer: F) -> Self
    where
        Q: Question,
        F: Fn(Q) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Q::Answer, Fault>> + Send + 'static,
    {
        let answerer: Answerer = Box::new(move |command| match command.question::<Q>() {
            Ok(question) => {
                let answering = answer(question);
                Box::pin(async move { in_json::<Q>(&answering.await?) })
            }
            // What the parser says may quote what somebody typed.
            Err(_) => Box::pin(ready(Err(wrong::<Q>("asks what is not of its type")))),
        });
        self.by_name.insert(Q::NAME, answerer);
        self
    }
}

impl Application for Answers {
    async fn consult(&self, command: Consult) -> Result<Value, Fault> {
        let Some(answerer) = self.by_name.get(command.name) else {
            let why = format!("a step asks `{}`, which nothing answers", command.name);
            return Err(Fault::new(FaultKind::Internal, why));
        };
        answerer(&command).await
    }
}

/// Shows which questions are answered.
impl fmt::Debug for Answers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Answers").field(&self.by_name.keys()).finish()
    }
}

fn in_json<Q: Question>(answer: &Q::Answer) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|_| wrong::<Q>("has an answer that does not go into JSON"))
}

fn wrong<Q: Question>(why: &str) -> Fault {
    Fault::new(FaultKind::Internal, format!("the question `{}` {why}", Q::NAME))
}
