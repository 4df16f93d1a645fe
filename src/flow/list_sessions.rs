//! Listing one's sessions.

use super::authenticate::check_found;
use super::presented::find;
use crate::command::ListSessions;
use crate::env::Settings;
use crate::model::{Session, SessionId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;
use crate::token::backend::Records;

/// Which part of a list of sessions is wanted.
///
/// ```
/// use testudo::flow::SessionPage;
///
/// let first = SessionPage::default();
/// assert_eq!((first.before, first.limit), (None, 100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPage {
    /// The last session of the page before; `None` for the first page.
    pub before: Option<SessionId>,
    /// How many sessions at most. Default 100.
    pub limit: u32,
}

impl Default for SessionPage {
    fn default() -> Self {
        Self { before: None, limit: 100 }
    }
}

/// The live sessions of a user, as one of them sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct Sessions {
    /// The session that asked.
    pub current: SessionId,
    /// Live sessions, newest first. They hold digests of tokens, never tokens.
    pub sessions: Vec<Session>,
}

/// Lists the live sessions of an access token's user, newest first.
///
/// # Errors
///
/// As [`authenticate_user`](super::authenticate_user), and [`Refusal::NotRecorded`] where not every session
/// has a record.
pub fn list_sessions(
    access_token: &str,
    page: SessionPage,
    settings: &Settings,
    now: Timestamp,
) -> Step<Result<Sessions, Refusal>> {
    let records = settings.tokens().records();
    let token = match settings.tokens().read_access(access_token, now) {
        Ok(token) => token,
        Err(refusal) => return Step::Done(Err(refusal)),
    };
    find(token, records, move |token, found| match check_found(&token, found, now) {
        Ok(found) if records == Records::Every => list(&found.session, page, now),
        Ok(_) => Step::Done(Err(Refusal::NotRecorded)),
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

fn list(
    session: &Session,
    SessionPage { before, limit }: SessionPage,
    now: Timestamp,
) -> Step<Result<Sessions, Refusal>> {
    let current = session.id;
    let (user, epoch) = (session.user, session.epoch);
    ask(ListSessions { user, epoch, now, before, limit }, move |sessions| {
        Step::Done(Ok(Sessions { current, sessions }))
    })
}
