//! Whether somebody signed in recently enough for what changes how they sign in.

use crate::env::Env;
use crate::model::Session;
use crate::refusal::Refusal;

/// Whether the session's sign-in is fresh. Refreshing does not make it so: `auth_time` stays (NIST SP
/// 800-63B-4 5.1.2).
pub(super) fn require(session: &Session, env: &Env) -> Result<(), Refusal> {
    if env.now - session.auth_time <= env.policy().fresh_sign_in {
        Ok(())
    } else {
        Err(Refusal::StepUpRequired)
    }
}
