//! Searching the audit trail.

use crate::event::EventRecord;
use crate::flow::EventPage;
use crate::model::UserId;
use crate::step::{Step, ask};

/// Lists events, newest first: those that concern a user, or all.
pub fn list_events(user: Option<UserId>, page: EventPage) -> Step<Vec<EventRecord>> {
    ask(page.of(user), Step::Done)
}
