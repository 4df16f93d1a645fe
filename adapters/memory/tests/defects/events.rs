//! Events, kept and handed out wrongly.

use std::sync::atomic::Ordering;

use smol::future::yield_now;
use testudo::Timestamp;
use testudo::command::{Commit, ListEvents};
use testudo::event::{EventRecord, TakenEvents};
use testudo::model::EventId;
use testudo_driver::{Fault, Store as _};

use crate::{Defect, Defective};

pub(crate) async fn list_events(
    this: &Defective,
    mut command: ListEvents,
) -> Result<Vec<EventRecord>, Fault> {
    match this.defect {
        Defect::ListsTheFirstPageOnly => command.before = None,
        Defect::ListsEventsOfAll => command.user = None,
        Defect::ListsEventsOfAllTimes => command.until = None,
        Defect::ListsOneKindOfEventOnly => command.kinds.truncate(1),
        _ => {}
    }
    let mut listed = this.store.list_events(command).await?;
    if this.defect == Defect::ListsOldestFirst {
        listed.reverse();
    }
    Ok(listed)
}

pub(crate) async fn take_events(
    this: &Defective,
    consumer: String,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<TakenEvents, Fault> {
    let consumer = this.mangled_consumer(consumer);
    let limit = if this.defect == Defect::IgnoresTheLimit { usize::MAX } else { limit };
    let until = if this.defect == Defect::TakesEventsWithoutALease { now } else { until };
    if this.defect == Defect::TakesEventsInTwoSteps {
        // Looks without taking, lets others go on, and takes what it saw.
        let seen = this.store.take_events(consumer.clone(), now, now, limit).await?;
        yield_now().await;
        if !seen.events.is_empty() {
            this.store.postpone_events(consumer, until).await?;
        }
        return Ok(seen);
    }
    if this.defect == Defect::LeasesNothing && limit == 0 {
        this.store.take_events(consumer.clone(), now, until, 1).await?;
        return Ok(TakenEvents::default());
    }
    let mut taken = this.store.take_events(consumer.clone(), now, until, limit).await?;
    match this.defect {
        Defect::ReadsTheNewestFirst => taken.events.reverse(),
        Defect::CountsNoAttemptsAtEvents => taken.attempts = taken.attempts.min(1),
        Defect::ForgetsWhatIsHandedOut => {
            if let Some(last) = taken.events.last() {
                this.store.events_taken(consumer, last.id).await?;
            }
        }
        // As if the number of the event that was removed last were used again.
        Defect::GivesPlacesAwayTwice if this.recordings.load(Ordering::SeqCst) > 0 => {
            return Ok(TakenEvents::default());
        }
        _ => {}
    }
    Ok(taken)
}

pub(crate) async fn events_taken(
    this: &Defective,
    consumer: String,
    up_to: EventId,
) -> Result<(), Fault> {
    let consumer = this.mangled_consumer(consumer);
    if this.defect == Defect::MovesTheCursorBack {
        this.store.forget_consumer(consumer.clone()).await?;
        let (first, end) = (Timestamp::from_millis(0), usize::MAX);
        this.store.take_events(consumer.clone(), first, first, end).await?;
    }
    this.store.events_taken(consumer, up_to).await
}

pub(crate) async fn postpone_events(
    this: &Defective,
    consumer: String,
    until: Timestamp,
) -> Result<(), Fault> {
    if this.defect == Defect::PostponesNoEvents {
        return Ok(());
    }
    this.store.postpone_events(consumer, until).await
}

pub(crate) async fn begin_events(this: &Defective, consumer: String) -> Result<(), Fault> {
    match this.defect {
        Defect::BeginsWithThePast => return Ok(()),
        Defect::BeginsAgain => this.store.forget_consumer(consumer.clone()).await?,
        _ => {}
    }
    this.store.begin_events(consumer).await
}

pub(crate) async fn forget_consumer(this: &Defective, consumer: String) -> Result<(), Fault> {
    if this.defect == Defect::ForgetsNoConsumer {
        return Ok(());
    }
    this.store.forget_consumer(consumer).await
}

impl Defective {
    pub(crate) fn mangled_consumer(&self, name: String) -> String {
        if self.defect == Defect::HasOneCursorForAll { String::new() } else { name }
    }

    pub(crate) async fn wait_every_other_time(&self) {
        if self.recordings.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            for _ in 0..5 {
                yield_now().await;
            }
        }
    }

    pub(crate) async fn record(&self, events: Vec<EventRecord>) -> Result<(), Fault> {
        let recorded = self.store.commit(Commit { events, ..Commit::default() }).await?;
        recorded.unwrap();
        Ok(())
    }
}
