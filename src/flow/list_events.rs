//! Listing what happened to one's own account.

use super::authenticate::check_found;
use super::presented::find;
use crate::command::ListEvents;
use crate::env::Settings;
use crate::event::{Event, EventKind, EventRecord};
use crate::model::{EventId, UserId};
use crate::refusal::Refusal;
use crate::step::{Step, ask};
use crate::time::Timestamp;

/// Which part of the audit trail is wanted.
///
/// ```
/// use testudo::event::EventKind;
/// use testudo::flow::EventPage;
///
/// let sign_ins = EventPage { kinds: vec![EventKind::UserLogin], ..EventPage::default() };
/// assert_eq!((sign_ins.before, sign_ins.limit), (None, 100));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// Which kinds; all, if there are none.
    pub kinds: Vec<EventKind>,
    /// From when on.
    pub since: Option<Timestamp>,
    /// Before when.
    pub until: Option<Timestamp>,
    /// The last event of the page before; `None` for the first page.
    pub before: Option<EventId>,
    /// How many events at most. Default 100.
    pub limit: u32,
}

impl Default for EventPage {
    fn default() -> Self {
        Self { kinds: Vec::new(), since: None, until: None, before: None, limit: 100 }
    }
}

impl EventPage {
    pub(super) fn of(self, user: Option<UserId>) -> ListEvents {
        let Self { kinds, since, until, before, limit } = self;
        ListEvents { user, kinds, since, until, before, limit }
    }
}

/// Lists what happened to an access token's user, newest first.
///
/// What would say something of somebody else's account is left out: whether the address has one that the user
/// wanted to move to.
///
/// # Errors
///
/// As [`authenticate`](super::authenticate).
pub fn list_events(
    access_token: &str,
    page: EventPage,
    settings: &Settings,
    now: Timestamp,
) -> Step<Result<Vec<EventRecord>, Refusal>> {
    let tokens = settings.tokens();
    let token = match tokens.read_access(access_token, now) {
        Ok(token) => token,
        Err(refusal) => return Step::Done(Err(refusal)),
    };
    find(token, tokens.records(), move |token, found| match check_found(&token, found, now) {
        Ok(found) => ask(page.of(Some(found.session.user)), |events| {
            Step::Done(Ok(events.into_iter().map(without_others).collect()))
        }),
        Err(refusal) => Step::Done(Err(refusal)),
    })
}

/// The event without what its user was not told when it happened.
fn without_others(record: EventRecord) -> EventRecord {
    let event = match record.event {
        Event::EmailChangeRequested { email, .. } => {
            Event::EmailChangeRequested { email, taken: None }
        }
        other => other,
    };
    EventRecord { event, ..record }
}
