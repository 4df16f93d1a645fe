//! What administrators do: to any account, and told everything.
//!
//! # Security
//!
//! None of these flows asks who wants it. Whoever may call them must have been let in by other means:
//! they are for command-line tools, imports, and back offices with access control of their own. They
//! say whether an account exists; do not put them in front of anonymous clients.

mod activate;
mod api_keys;
mod deactivate;
mod end_sessions;
mod import_users;
mod invitations;
mod list_events;
mod list_users;
mod reopen_account;
mod reset_second_factor;
mod send_password_reset;
mod set_password;
mod user_sessions;

pub use activate::activate;
pub use api_keys::{revoke_api_key, user_api_keys};
pub use deactivate::deactivate;
pub use end_sessions::{end_session, end_sessions};
pub use import_users::{ImportUser, Imported, import_users};
pub use invitations::{invite, list_invitations, revoke_invitation};
pub use list_events::list_events;
pub use list_users::{UserPage, find_user, list_users};
pub use reopen_account::reopen_account;
pub use reset_second_factor::reset_second_factor;
pub use send_password_reset::send_password_reset;
pub use set_password::{SetPassword, set_password};
pub use user_sessions::user_sessions;

use crate::command::{Commit, Conflict, FindUser, Guard, UserKey, Write};
use crate::env::Env;
use crate::event::Event;
use crate::model::User;
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// Replaces a user's record by what `change` makes of it, with one event.
///
/// `None` from `change` is "there is nothing to do": see [`as_it_is`]. On conflict the record is read once more.
fn change_user(
    key: UserKey,
    change: fn(User, &Env) -> Option<(User, Event)>,
    mut env: Env,
) -> Step<Result<User, Refusal>> {
    ask(FindUser { key: key.clone() }, move |found| {
        let Some(user) = found else { return Step::Done(Err(Refusal::NotFound)) };
        let was = user.version;
        let Some((changed, event)) = change(user.clone(), &env) else {
            return as_it_is(user, env, move |env| change_user(key, change, env));
        };
        let event = env.event(Some(user.id), None, event);
        let write = Write::ReplaceUser { user: Box::new(changed.clone()), was };
        ask(Commit::new().write(write).event(event), move |committed| match committed {
            Ok(()) => Step::Done(Ok(changed)),
            Err(Conflict) if env.retries.spend() => change_user(key, change, env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
}

/// Tells of a user who is already what was asked for, once that is sure to last: what made them so may be under way still.
fn as_it_is(
    user: User,
    mut env: Env,
    again: impl FnOnce(Env) -> Step<Result<User, Refusal>> + Send + 'static,
) -> Step<Result<User, Refusal>> {
    let stands = Guard::UserEpoch { id: user.id, epoch: user.epoch };
    ask(Commit::new().guard(stands), move |committed| match committed {
        Ok(()) => Step::Done(Ok(user)),
        Err(Conflict) if env.retries.spend() => again(env),
        Err(Conflict) => Step::Done(Err(Refusal::Busy)),
    })
}
