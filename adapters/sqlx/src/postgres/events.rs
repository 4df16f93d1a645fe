//! Events: how they get their places, and how far each consumer has taken them.

use sqlx::Postgres;
use testudo::Timestamp;
use testudo::event::TakenEvents;
use testudo::model::EventId;
use testudo_driver::Fault;

use super::PostgresStore;
use super::statements::Events;
use crate::sql::records::{count, event};
use crate::sql::server::{Failure, Retries, Transaction};
use crate::sql::{Columns, Link, Value};

/// To how many events places are given at once: what a worker has to wait for is bounded.
const AT_ONCE: i64 = 5_000;

/// Takes what there is for a consumer.
pub(super) async fn take(
    store: &PostgresStore,
    consumer: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<TakenEvents, Fault> {
    let values = [Value::text(consumer), now.into()];
    let is_any = store.database.row(&store.statements.events.is_any, &values).await?;
    if limit == 0 || is_any.is_none() {
        return Ok(TakenEvents::default());
    }
    let wanted = Wanted { consumer, now, until, limit: i64::try_from(limit).unwrap_or(i64::MAX) };
    let mut retries = Retries::new();
    loop {
        match lend(store, &wanted).await {
            Err(failure) => retries.after(failure).await?,
            Ok(taken) => return Ok(taken),
        }
    }
}

struct Wanted<'a> {
    consumer: &'a str,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
}

/// Lends a consumer the events behind its cursor, if it may have any.
async fn lend(store: &PostgresStore, wanted: &Wanted<'_>) -> Result<TakenEvents, Failure> {
    let Wanted { consumer, now, until, limit } = *wanted;
    let events = &store.statements.events;
    let mut transaction = Transaction::begin(&store.database).await?;
    give_places(&mut transaction, events).await?;
    let values = [Value::text(consumer), now.into(), until.into()];
    let leases = transaction.rows(&events.lease, &values).await?;
    let Some(lease) = leases.first() else {
        // The places stay.
        transaction.commit().await?;
        return Ok(TakenEvents::default());
    };
    let cursor = lease.int("event_consumers.seq")?;
    let next = [Value::Int(cursor), Value::Int(Some(limit))];
    let rows = transaction.rows(&events.next, &next).await?;
    if rows.is_empty() {
        // Nothing is lent, and so there is no lease.
        transaction.roll_back().await;
        return Ok(TakenEvents::default());
    }
    let taken = rows.iter().map(event).collect::<Result<_, _>>()?;
    let attempts = count(lease, "event_consumers.attempts")?;
    transaction.commit().await?;
    Ok(TakenEvents { events: taken, attempts })
}

/// Gives places to the oldest events that have none; whether there were any.
async fn give_places(
    transaction: &mut Transaction<Postgres>,
    events: &Events,
) -> Result<bool, Failure> {
    transaction.rows(&events.lock_sequencer, &[]).await?;
    Ok(transaction.execute(&events.place, &[Value::Int(Some(AT_ONCE))]).await? > 0)
}

/// Moves a consumer's cursor.
pub(super) async fn taken(
    store: &PostgresStore,
    consumer: &str,
    up_to: EventId,
) -> Result<(), Fault> {
    let events = &store.statements.events;
    let id = Value::uuid(up_to.as_uuid());
    // One that nobody has taken yet may have no place.
    if store.database.row(&events.has_no_place, std::slice::from_ref(&id)).await?.is_some() {
        place_all(store).await?;
    }
    store.database.execute(&events.taken, &[Value::text(consumer), id]).await.map(drop)
}

/// Gives places to all events that are visible, a portion at a time: nobody else has to wait for more than that.
async fn place_all(store: &PostgresStore) -> Result<(), Fault> {
    let mut retries = Retries::new();
    loop {
        match place_some(store).await {
            Err(failure) => retries.after(failure).await?,
            Ok(true) => {}
            Ok(false) => return Ok(()),
        }
    }
}

async fn place_some(store: &PostgresStore) -> Result<bool, Failure> {
    let mut transaction = Transaction::begin(&store.database).await?;
    let were_any = give_places(&mut transaction, &store.statements.events).await?;
    transaction.commit().await?;
    Ok(were_any)
}

/// Puts the cursor of a new consumer behind every event that is visible by now.
pub(super) async fn begin(store: &PostgresStore, consumer: &str) -> Result<(), Fault> {
    place_all(store).await?;
    let values = [Value::text(consumer)];
    store.database.execute(&store.statements.events.begin, &values).await.map(drop)
}
