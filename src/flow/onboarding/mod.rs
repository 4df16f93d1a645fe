//! The engine of onboarding: begin, go on, look again; and a sign-in that owes something.
//!
//! Each request is one guarded commit on the version of the onboarding session, so that of any number of
//! requests at once one moves it on.

mod advance;
mod finish;
mod resume;
mod session;
mod show;
mod sign_in;
mod start;
mod steps;

pub use advance::advance_onboarding;
pub use resume::resume_onboarding;
pub(super) use sign_in::{Pending, sign_in};
pub use start::start_onboarding;
