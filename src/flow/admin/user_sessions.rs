//! Looking at somebody's sessions.

use crate::command::{FindUser, ListSessions, UserKey};
use crate::flow::SessionPage;
use crate::model::Session;
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// Lists the live sessions of a user, newest first. An inactive account has none.
///
/// Where not every session has a record ([`Records`](crate::token::backend::Records)), those that have none are
/// not listed.
///
/// # Errors
///
/// [`Refusal::NotFound`] where there is no such user.
pub fn user_sessions(
    user: UserKey,
    page: SessionPage,
    now: Timestamp,
) -> Step<Result<Vec<Session>, Refusal>> {
    ask(FindUser { key: user }, move |found| match found {
        None => Step::Done(Err(Refusal::NotFound)),
        Some(user) if !user.may_be_used() => Step::Done(Ok(Vec::new())),
        Some(user) => {
            let SessionPage { before, limit } = page;
            let command = ListSessions { user: user.id, epoch: user.epoch, now, before, limit };
            ask(command, |sessions| Step::Done(Ok(sessions)))
        }
    })
}
