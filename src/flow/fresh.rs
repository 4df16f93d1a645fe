//! Whether somebody signed in recently enough for what changes how they sign in.

use super::attempts::{self, Refused};
use super::presented::FoundWithUser;
use crate::env::Env;
use crate::event::Event;
use crate::model::Session;
use crate::owed::{Owed, owed};
use crate::refusal::Refusal;
use crate::step::Step;

/// Whether the session's sign-in is fresh, and showed the second factor if the account has one: a session may be
/// older than the policy that asks for it. Refreshing does not make it fresh: `auth_time` stays (NIST SP
/// 800-63B-4 5.1.2).
pub(super) fn require(found: &FoundWithUser, env: &Env) -> Result<(), Refusal> {
    let FoundWithUser { session, user, .. } = found;
    let is_fresh = env.now - session.auth_time <= env.policy().fresh_sign_in;
    let owed = owed(user, &session.methods, env.policy());
    if is_fresh && !owed.contains(&Owed::SecondFactor) {
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
