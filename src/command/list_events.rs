//! Listing events: the audit trail, searched.

use crate::event::{EventKind, EventRecord};
use crate::model::{EventId, UserId};
use crate::time::Timestamp;

/// Lists events, newest first.
///
/// The reply holds those that [`ListEvents::admits`], in descending order of the bytes of their ids, which
/// begin with the time of their event; at most `limit` of them. So the last id of one page is the `before` of
/// the next. Events are kept for [`Policy::audit_retention`](crate::Policy::audit_retention), also when the
/// user whom they concern was removed.
///
/// As with [`FindUser`](super::FindUser), what was acknowledged before is seen.
#[derive(Clone, Debug)]
pub struct ListEvents {
    /// Whom they concern; `None` for everybody, and for what concerns nobody that is known.
    pub user: Option<UserId>,
    /// Which kinds; all, if there are none.
    pub kinds: Vec<EventKind>,
    /// From when on.
    pub since: Option<Timestamp>,
    /// Before when.
    pub until: Option<Timestamp>,
    /// Where the page begins.
    pub before: Option<EventId>,
    /// How many the page may hold.
    pub limit: u32,
}

impl ListEvents {
    /// The newest events of everybody.
    #[must_use]
    pub const fn newest(limit: u32) -> Self {
        Self { user: None, kinds: Vec::new(), since: None, until: None, before: None, limit }
    }

    /// Whether an event belongs into the list.
    #[must_use]
    pub fn admits(&self, record: &EventRecord) -> bool {
        self.user.is_none_or(|user| record.user == Some(user))
            && (self.kinds.is_empty() || self.kinds.contains(&record.event.kind()))
            && self.since.is_none_or(|since| since <= record.at)
            && self.until.is_none_or(|until| record.at < until)
            && self.before.is_none_or(|before| record.id < before)
    }
}
