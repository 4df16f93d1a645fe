//! The second factor of one's own account: an authenticator app, and recovery codes for when it is lost.
//!
//! All of it takes a fresh sign-in, with the second factor if there is one (ASVS 5.0 7.5.1). What is changed ends
//! all other sessions and API keys; the one from which it is changed goes on, and is no fresher than it was:
//! setting up an app proves nothing about who does it.

mod begin;
mod change;
mod confirm;
mod list;
mod recovery_codes;
mod remove;
mod waiting;

pub use begin::begin_totp;
pub(super) use change::Change;
pub use confirm::confirm_totp;
pub use list::{SecondFactors, second_factors};
pub use recovery_codes::replace_recovery_codes;
pub use remove::remove_totp;

use super::fresh;
use super::presented::FoundWithUser;
use crate::env::Env;
use crate::refusal::Refusal;

/// Whether this session may bind its account to an app. Mail is how the owner learns of it, so the address must
/// have been shown to be theirs.
fn may_enrol(found: &FoundWithUser, env: &Env) -> Result<(), Refusal> {
    fresh::require(found, env)?;
    if found.user.is_verified { Ok(()) } else { Err(Refusal::EmailUnverified) }
}

/// Whether this session may change the factor that its account has.
fn may_change(found: &FoundWithUser, env: &Env) -> Result<(), Refusal> {
    fresh::require(found, env)?;
    if found.user.has_second_factor() { Ok(()) } else { Err(Refusal::NotFound) }
}
