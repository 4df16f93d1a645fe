//! Onboarding: steps that somebody takes, one after the other, before they are let in.
//!
//! The server says what is to be done next, as a [`ClientHint`], and a client that can show one can show all:
//! registration, the second factor at sign-in, a step of the application's own ([`OnboardingStep`]).
//!
//! Which steps there are, and their order, is the application's to say ([`Onboarding`]). That nobody comes in
//! who owes something is not: what is still owed when the last step is behind becomes a step more
//! ([`owed`](crate::owed)).

mod answers;
mod counted;
mod draft;
mod hint;
mod pipeline;
mod result;
pub(crate) mod state;
mod step;
pub mod steps;

pub use answers::Answers;
pub(crate) use counted::Counted;
pub(crate) use draft::Draft;
pub use hint::{Choice, ClientHint, Field, FieldType, Revealed, RevealedSeed, Validation};
pub(crate) use pipeline::Order;
pub use pipeline::{Onboarding, OnboardingError};
pub use result::{Advance, Input, OnboardingResult, OnboardingState, SignIn, StartOnboarding};
pub(crate) use step::Outcome;
pub use step::{Need, OnboardingStep, Progress, Turn, Turned};
