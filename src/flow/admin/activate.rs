//! Letting a deactivated account in again.

use super::change_user;
use crate::command::UserKey;
use crate::env::Env;
use crate::event::Event;
use crate::model::User;
use crate::refusal::Refusal;
use crate::step::Step;

/// Lets an account be used again. Sessions from before its deactivation stay dead.
///
/// An account that is active already stays as it is, and one that its owner closed stays closed: see
/// [`reopen_account`](super::reopen_account).
///
/// # Errors
///
/// [`Refusal::NotFound`], [`Refusal::Busy`].
pub fn activate(user: UserKey, env: Env) -> Step<Result<User, Refusal>> {
    change_user(user, activated, env)
}

fn activated(user: User, env: &Env) -> Option<(User, Event)> {
    let version = user.version.next();
    let activated = User { is_active: true, version, updated_at: env.now, ..user };
    (!user.is_active).then_some((activated, Event::UserActivated))
}
