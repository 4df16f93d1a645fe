//! The records, as bytes.

mod api_key;
mod email;
mod factors;
mod invitation;
mod onboarding;
mod session;
mod user;

pub(crate) use api_key::{api_key, api_key_bytes};
pub(crate) use invitation::{invitation, invitation_bytes};
pub(crate) use onboarding::{onboarding, onboarding_bytes};
pub(crate) use session::{session, session_bytes};
pub(crate) use user::{STANDING, standing, user, user_bytes};
