//! Whether somebody signed in recently enough for what changes how they sign in.

use super::attempts::{self, Refused};
use crate::env::Env;
use crate::event::Event;
use crate::model::Session;
use crate::refusal::Refusal;
use crate::step::Step;

/// Whether the session's sign-in is fresh. Refreshing does not make it so: `auth_time` stays (NIST SP
/// 800-63B-4 5.1.2).
pub(super) fn require(session: &Session, env: &Env) -> Result<(), Refusal> {
    if env.now - session.auth_time <= env.policy().fresh_sign_in {
        Ok(())
    } else {
        Err(Refusal::StepUpRequired)
    }
}

/// Refuses with what was checked after [`require`]. That a fresh sign-in was missing is recorded.
pub(super) fn refuse<T: 'static>(
    session: &Session,
    refusal: Refusal,
    env: Env,
) -> Step<Result<T, Refusal>> {
    if refusal != Refusal::StepUpRequired {
        return Step::Done(Err(refusal));
    }
    let (user, id) = (Some(session.user), session.id);
    let refused = Refused { user, session: Some(id), event: Event::StepUpRequired };
    attempts::refuse(refused, &id, refusal, env)
}
