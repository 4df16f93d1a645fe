//! Closing an account to its user.

use super::change_user;
use crate::command::UserKey;
use crate::env::Env;
use crate::event::Event;
use crate::model::User;
use crate::refusal::Refusal;
use crate::step::Step;

/// Lets an account not be used any more. All its sessions and tokens are dead with the one write.
///
/// An account that is inactive already stays as it is. One that its owner closed can be opened again by an
/// administrator only, and is removed when it would have been.
///
/// # Errors
///
/// [`Refusal::NotFound`], [`Refusal::Busy`].
pub fn deactivate(user: UserKey, env: Env) -> Step<Result<User, Refusal>> {
    change_user(user, deactivated, env)
}

fn deactivated(user: User, env: &Env) -> Option<(User, Event)> {
    let was_active = user.is_active;
    let deactivated = User { is_active: false, ..user.with_new_epoch(env.now) };
    was_active.then_some((deactivated, Event::UserDeactivated))
}
