//! Opening an account again that its owner closed.

use super::change_user;
use crate::command::UserKey;
use crate::env::Env;
use crate::event::Event;
use crate::model::User;
use crate::refusal::Refusal;
use crate::step::Step;

/// Opens an account again that its owner closed, as long as it was not removed, and whatever became of the
/// link that was mailed to them. Sessions from before stay dead; what was deactivated stays so.
///
/// An account that is not closed stays as it is.
///
/// # Errors
///
/// [`Refusal::NotFound`], [`Refusal::Busy`].
pub fn reopen_account(user: UserKey, env: Env) -> Step<Result<User, Refusal>> {
    change_user(user, reopened, env)
}

fn reopened(user: User, env: &Env) -> Option<(User, Event)> {
    let was_closed = user.closes_at.is_some();
    let reopened = User { closes_at: None, ..user.with_new_epoch(env.now) };
    was_closed.then_some((reopened, Event::AccountReopened))
}
