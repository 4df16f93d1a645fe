//! The protocol on one page: a flow asks one typed question at a time, and the answer moves it on.
//!
//! A flow is a function that returns a [`Step`]. Either the flow is [`Step::Done`], or it holds an
//! [`Ask`]: a [`Command`] to carry out and the place to put the reply. The type of the command names
//! the type of its reply, and answering consumes the question, so that a wrong reply, a second reply
//! or going on without one do not compile.
//!
//! ```
//! use testudo::{Step, command::FindUser};
//!
//! // What any driver does: look at what is asked, carry it out, answer.
//! fn nobody_is_known<T>(step: Step<T>) -> Step<T> {
//!     match step {
//!         Step::FindUser(ask) => ask.answer(None),
//!         other => other,
//!     }
//! }
//! ```
//!
//! A wrong reply is a type error:
//!
//! ```compile_fail,E0308
//! # use testudo::{Ask, Step, command::FindUser};
//! fn wrong<T>(ask: Ask<FindUser, T>) -> Step<T> {
//!     ask.answer("a user, honestly")
//! }
//! ```
//!
//! So is a second one:
//!
//! ```compile_fail,E0382
//! # use testudo::{Ask, Step, command::FindUser};
//! fn twice<T>(ask: Ask<FindUser, T>) -> Step<T> {
//!     let _first = ask.answer(None);
//!     ask.answer(None)
//! }
//! ```
//!
//! And a flow that waits for an answer has no result to take:
//!
//! ```compile_fail,E0308
//! # use testudo::{Ask, command::FindUser};
//! fn impatient<T>(ask: Ask<FindUser, T>) -> T {
//!     ask
//! }
//! ```

use std::fmt;

use crate::command::Commit;

/// Something that a flow wants done, and the type of what it then wants to know.
///
/// All commands stand in one table, in [`crate::command`].
pub trait Command: fmt::Debug + Send + 'static {
    /// What the flow is told when the command was carried out.
    type Reply;

    /// The command's name, for logs, metrics and transcripts.
    const NAME: &'static str;
}

/// A question of a suspended flow: the command, and where its reply goes.
///
/// Dropping an `Ask` abandons its flow. That is always safe: nothing is granted before a commit was
/// accepted, and a commit is one command. A driver whose world did not answer asks first what the flow
/// [gives back](Pending::unanswered).
#[must_use = "a flow goes on only when its question is answered"]
pub struct Ask<C: Command, T> {
    /// What is to be done.
    pub command: C,
    pending: Pending<C, T>,
}

impl<C: Command, T> Ask<C, T> {
    /// Tells the flow the outcome and moves it to its next step.
    pub fn answer(self, reply: C::Reply) -> Step<T> {
        self.pending.answer(reply)
    }

    /// Takes the command out, for a driver that hands it on by value, and keeps the place for its
    /// reply.
    pub fn into_parts(self) -> (C, Pending<C, T>) {
        (self.command, self.pending)
    }
}

impl<C: Command, T: 'static> Ask<C, T> {
    /// The same question of a longer flow: what comes out of this one goes on to `next`.
    pub(crate) fn then<U: 'static>(
        self,
        next: impl FnOnce(T) -> Step<U> + Send + 'static,
    ) -> Ask<C, U> {
        let Self { command, pending: Pending { state, resume, on_fault } } = self;
        let resume = Box::new(move |reply| resume(reply).then(next));
        Ask { command, pending: Pending { state, resume, on_fault } }
    }
}

impl<C: Command, T> Ask<C, T> {
    /// The same question, with a batch for the case that it is not answered.
    pub(crate) fn on_fault(mut self, batch: Commit) -> Self {
        if !batch.is_empty() {
            self.pending.on_fault = Some(Box::new(batch));
        }
        self
    }
}

impl<C: Command, T> fmt::Debug for Ask<C, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} asks {:?}", self.pending.state, self.command)
    }
}

/// A flow whose question was taken out with [`Ask::into_parts`]: it waits for the reply.
#[must_use = "a flow goes on only when its question is answered"]
pub struct Pending<C: Command, T> {
    state: &'static str,
    resume: Box<dyn FnOnce(C::Reply) -> Step<T> + Send>,
    on_fault: Option<Box<Commit>>,
}

impl<C: Command, T> Pending<C, T> {
    /// Tells the flow the outcome and moves it to its next step.
    pub fn answer(self, reply: C::Reply) -> Step<T> {
        (self.resume)(reply)
    }

    /// Ends the flow, because its question could not be answered: by a fault, never by a refusal.
    ///
    /// What comes out is to be committed, once, and the fault reported whatever comes of that. It gives back what
    /// the flow had reserved for this question, such as an [attempt](crate::command::CountAttempt) at a password
    /// that nobody looked at: an outage locks nobody out. A driver that leaves it, or dies before, does no harm:
    /// the attempt stays counted.
    ///
    /// # Security
    ///
    /// Only for a command that got no reply. Who takes a flow that was answered for one that was not gives guesses
    /// away.
    #[must_use = "what was reserved is to be given back"]
    pub fn unanswered(self) -> Option<Commit> {
        self.on_fault.map(|batch| *batch)
    }
}

impl<C: Command, T> fmt::Debug for Pending<C, T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} awaits the reply to {}", self.state, C::NAME)
    }
}

/// Suspends a flow: `command` is to be carried out, then `resume` is called with its reply.
///
/// This is all there is to writing a flow of one's own over the library's commands.
///
/// ```
/// use testudo::{Step, ask, command::{FindUser, UserKey}, model::EmailKey};
///
/// /// Whether an address belongs to somebody.
/// fn is_known(email: EmailKey) -> Step<bool> {
///     ask(FindUser { key: UserKey::Email(email) }, |user| Step::Done(user.is_some()))
/// }
/// ```
pub fn ask<C, T, F>(command: C, resume: F) -> Step<T>
where
    C: Command,
    Step<T>: From<Ask<C, T>>,
    F: FnOnce(C::Reply) -> Step<T> + Send + 'static,
{
    let pending = Pending { state: state_name::<F>(), resume: Box::new(resume), on_fault: None };
    Step::from(Ask { command, pending })
}

/// The flow and its state, as `login::verify`, from the path of the function that asked.
///
/// For people who read a `Debug` line; nothing depends on it. The types of a generic function are left out: they
/// are long, and may name closures of other functions.
fn state_name<F>() -> &'static str {
    let path = std::any::type_name::<F>().trim_start_matches('<');
    let path = path.split(['<', '{', ' ']).next().unwrap_or(path).trim_end_matches(':');
    let within = path.strip_prefix(concat!(env!("CARGO_CRATE_NAME"), "::")).unwrap_or(path);
    within.strip_prefix("flow::").unwrap_or(within)
}

pub use crate::command::Step;

#[cfg(test)]
mod tests {
    use crate::command::{FindUser, UserKey};
    use crate::model::UserId;

    use super::*;

    #[test]
    fn a_suspended_flow_names_its_state_and_its_question() {
        let key = UserKey::Id(UserId::from_uuid(uuid::Uuid::nil()));
        let step: Step<bool> = ask(FindUser { key }, |user| Step::Done(user.is_some()));
        let shown = format!("{step:?}");
        assert!(shown.contains("a_suspended_flow_names"), "{shown}");
        assert!(shown.contains("asks FindUser"), "{shown}");
    }
}
