//! Having a link sent that resets somebody's password.

use crate::command::{Conflict, FindUser, UserKey};
use crate::env::Env;
use crate::event::Event;
use crate::flow::password_reset;
use crate::refusal::Refusal;
use crate::step::{Step, ask};

/// Mails a user the link by which they set a new password, which the administrator never knows (ASVS 5.0
/// 6.4.6).
///
/// It is the link of [`request_password_reset`](crate::flow::request_password_reset), is not limited, and
/// is also sent where there was no password so far.
///
/// # Errors
///
/// [`Refusal::NotFound`], [`Refusal::Inactive`] for an account that may not be used, since the link would
/// do nothing, [`Refusal::Busy`].
pub fn send_password_reset(user: UserKey, mut env: Env) -> Step<Result<(), Refusal>> {
    ask(FindUser { key: user.clone() }, move |found| {
        let found = match found {
            Some(found) if found.may_be_used() => found,
            Some(_) => return Step::Done(Err(Refusal::Inactive)),
            None => return Step::Done(Err(Refusal::NotFound)),
        };
        let event = env.event(Some(found.id), None, Event::PasswordResetSent);
        let batch = password_reset::send(found, &mut env).event(event);
        ask(batch, move |committed| match committed {
            Ok(()) => Step::Done(Ok(())),
            Err(Conflict) if env.retries.spend() => send_password_reset(user, env),
            Err(Conflict) => Step::Done(Err(Refusal::Busy)),
        })
    })
}
