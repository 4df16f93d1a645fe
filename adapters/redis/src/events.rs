//! Events: the audit trail, and how far each consumer has taken it.

use testudo::Timestamp;
use testudo::command::ListEvents;
use testudo::event::{EventRecord, TakenEvents};
use testudo::model::EventId;
use testudo_driver::Fault;

use crate::RedisStore;
use crate::answer;
use crate::fault::{Unreadable, unexpected};
use crate::link::Intent;
use crate::list::{Start, of_one_hash};
use crate::script::{BEGIN_EVENTS, EVENTS_TAKEN, POSTPONE_EVENTS, TAKE_EVENTS};

/// How many events one call hands out at most: they are read while nothing else is done.
const MOST: usize = 1000;

pub(crate) async fn take(
    store: &RedisStore,
    consumer: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<TakenEvents, Fault> {
    if limit == 0 {
        return Ok(TakenEvents::default());
    }
    let keys = [store.keys.consumers(), store.keys.event_places(), store.keys.events()];
    let call = TAKE_EVENTS.on(&keys).arg(consumer).arg(now.as_millis()).arg(until.as_millis());
    let answer = call.arg(limit.min(MOST)).run(&store.link).await?;
    let mut items = answer::items(answer)?.ok_or_else(unexpected)?.into_iter();
    let attempts = answer::of(items.next().ok_or_else(unexpected)?)?;
    let rest = items.map(answer::present).collect::<Result<Vec<_>, _>>()?;
    let (pairs, _) = rest.as_chunks::<2>();
    let events = pairs.iter().map(|[_, record]| event(record)).collect::<Result<_, _>>()?;
    Ok(TakenEvents { events, attempts })
}

pub(crate) async fn taken(store: &RedisStore, consumer: &str, up_to: EventId) -> Result<(), Fault> {
    let keys = [store.keys.consumers(), store.keys.event_places()];
    let call = EVENTS_TAKEN.on(&keys).arg(consumer).arg(&up_to.as_uuid().as_bytes()[..]);
    call.run(&store.link).await.map(drop)
}

pub(crate) async fn postpone(
    store: &RedisStore,
    consumer: &str,
    until: Timestamp,
) -> Result<(), Fault> {
    let call = POSTPONE_EVENTS.on(&[store.keys.consumers()]).arg(consumer);
    call.arg(until.as_millis()).run(&store.link).await.map(drop)
}

pub(crate) async fn begin(store: &RedisStore, consumer: &str) -> Result<(), Fault> {
    let keys = [store.keys.consumers(), store.keys.event_sequence()];
    BEGIN_EVENTS.on(&keys).arg(consumer).run(&store.link).await.map(drop)
}

pub(crate) async fn forget(store: &RedisStore, consumer: &str) -> Result<(), Fault> {
    let mut forget = redis::cmd("HDEL");
    forget.arg(store.keys.consumers()).arg(consumer);
    store.link.run(&forget, Intent::Write).await?;
    Ok(())
}

/// Newest first, along the index of one user's events or of all.
pub(crate) async fn list(
    store: &RedisStore,
    command: &ListEvents,
) -> Result<Vec<EventRecord>, Fault> {
    let index = match command.user {
        Some(user) => store.keys.events_of(user),
        None => store.keys.event_ids(),
    };
    let from = Start::Before(command.before.map(|id| *id.as_uuid()));
    let read = |_, record: &[u8]| Ok(Some(event(record)?).filter(|event| command.admits(event)));
    of_one_hash(store, [index, store.keys.events()], from, command.limit, read).await
}

fn event(record: &[u8]) -> Result<EventRecord, Fault> {
    serde_json::from_slice(record).map_err(|_| Unreadable("events.record").into())
}
