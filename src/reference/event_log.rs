//! Events: the trail of what happened, and how far each consumer has taken it.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::command::ListEvents;
use crate::event::{EventRecord, TakenEvents};
use crate::model::EventId;
use crate::time::Timestamp;

/// All events that are kept, in the order of their commits, and a cursor for each consumer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct EventLog {
    /// By their place in the order of the commits, from 1.
    events: BTreeMap<u64, EventRecord>,
    /// The last place that was given away. No place is given away twice, also when its event was removed.
    last: u64,
    consumers: BTreeMap<String, Consumer>,
}

/// How far somebody has taken the events.
#[derive(Clone, Debug, PartialEq)]
struct Consumer {
    /// The place of the last event that was taken; 0 before the first.
    taken: u64,
    /// How often events were handed out since the cursor last moved.
    attempts: u32,
    /// Until then nobody is given any.
    next_try: Timestamp,
}

impl Consumer {
    const fn behind(taken: u64) -> Self {
        Self { taken, attempts: 0, next_try: Timestamp::from_millis(0) }
    }
}

impl EventLog {
    pub(super) fn append(&mut self, events: Vec<EventRecord>) {
        for event in events {
            self.last = self.last.saturating_add(1);
            self.events.insert(self.last, event);
        }
    }

    /// Oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &EventRecord> {
        self.events.values()
    }

    pub(super) fn list(&self, command: &ListEvents) -> Vec<EventRecord> {
        let mut listed: Vec<_> =
            self.events.values().filter(|event| command.admits(event)).collect();
        listed.sort_by_key(|event| std::cmp::Reverse(event.id));
        listed.into_iter().take(super::most(command.limit)).cloned().collect()
    }

    pub(super) fn take(
        &mut self,
        consumer: &str,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> TakenEvents {
        let known = self.consumers.get(consumer);
        if known.is_some_and(|known| known.next_try > now) {
            return TakenEvents::default();
        }
        let after = Bound::Excluded(known.map_or(0, |known| known.taken));
        let next = self.events.range((after, Bound::Unbounded)).take(limit);
        let events: Vec<_> = next.map(|(_, event)| event.clone()).collect();
        if events.is_empty() {
            return TakenEvents::default();
        }
        let known = self.consumers.entry(consumer.to_owned()).or_insert(Consumer::behind(0));
        known.attempts = known.attempts.saturating_add(1);
        known.next_try = until;
        TakenEvents { events, attempts: known.attempts }
    }

    pub(super) fn taken(&mut self, consumer: &str, up_to: EventId) {
        let place =
            self.events.iter().find(|(_, event)| event.id == up_to).map(|(place, _)| *place);
        if let (Some(known), Some(place)) = (self.consumers.get_mut(consumer), place)
            && place > known.taken
        {
            *known = Consumer::behind(place);
        }
    }

    pub(super) fn postpone(&mut self, consumer: &str, until: Timestamp) {
        if let Some(known) = self.consumers.get_mut(consumer) {
            known.next_try = until;
        }
    }

    pub(super) fn begin(&mut self, consumer: &str) {
        self.consumers.entry(consumer.to_owned()).or_insert(Consumer::behind(self.last));
    }

    pub(super) fn forget(&mut self, consumer: &str) {
        self.consumers.remove(consumer);
    }

    /// Removes events from `by` and before, at most `limit`, the oldest first; tells how many.
    pub(super) fn remove(&mut self, by: Timestamp, limit: usize) -> u64 {
        let is_old = |entry: &(&u64, &EventRecord)| entry.1.at <= by;
        let old: Vec<_> =
            self.events.iter().filter(is_old).take(limit).map(|(place, _)| *place).collect();
        self.events.retain(|place, _| !old.contains(place));
        super::count(&old)
    }
}
