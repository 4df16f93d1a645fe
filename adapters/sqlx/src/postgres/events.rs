//! Events: how they get their places, and how far each consumer has taken them.

use sqlx::postgres::PgRow;
use sqlx::{Connection, Error, PgConnection, Postgres, Row};
use testudo::Timestamp;
use testudo::event::TakenEvents;
use testudo_driver::Fault;
use tokio::time::timeout;

use super::PostgresStore;
use super::fault::{fault, is_undone};
use super::gate::{Reading, TRIES, pause};
use super::statements::Statements;
use crate::sql::records::{count, event};
use crate::sql::{Link, Value};

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
    let PostgresStore { gate, statements } = store;
    let values = [Value::text(consumer), now.into()];
    let is_any = Reading(gate).rows(&statements.events.is_any, &values).await?;
    if limit == 0 || is_any.is_empty() {
        return Ok(TakenEvents::default());
    }
    let wanted = Wanted { consumer, now, until, limit: i64::try_from(limit).unwrap_or(i64::MAX) };
    let mut undone = 0;
    loop {
        let mut connection = gate.connection().await?;
        let result = timeout(gate.patience, lend(&mut connection, statements, &wanted)).await;
        match gate.settle(connection, result)? {
            Err(error) if is_undone(&error) && undone < TRIES => undone += 1,
            Err(error) => return Err(fault(error)),
            Ok(None) => return Ok(TakenEvents::default()),
            Ok(Some((lease, rows))) => {
                let events = rows.iter().map(event).collect::<Result<_, _>>()?;
                return Ok(TakenEvents {
                    events,
                    attempts: count(&lease, "event_consumers.attempts")?,
                });
            }
        }
        pause(undone).await;
    }
}

struct Wanted<'a> {
    consumer: &'a str,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
}

/// A consumer's lease and the events behind its cursor, if it may have any. What is not committed is rolled back.
async fn lend(
    connection: &mut PgConnection,
    statements: &Statements,
    wanted: &Wanted<'_>,
) -> Result<Option<(PgRow, Vec<PgRow>)>, Error> {
    let Wanted { consumer, now, until, limit } = *wanted;
    let mut transaction = connection.begin().await?;
    give_places(&mut transaction, statements).await?;
    let values = [Value::text(consumer), now.into(), until.into()];
    let lease = statements.events.lease.query::<Postgres>(&values);
    let Some(lease) = lease.fetch_optional(&mut *transaction).await? else {
        // The places stay.
        transaction.commit().await?;
        return Ok(None);
    };
    let cursor: i64 = lease.try_get("event_consumers.seq")?;
    let next = statements
        .events
        .next
        .query::<Postgres>(&[Value::Int(Some(cursor)), Value::Int(Some(limit))]);
    let rows = next.fetch_all(&mut *transaction).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    transaction.commit().await?;
    Ok(Some((lease, rows)))
}

/// Gives places to the oldest events that have none; how many of those were looked at.
async fn give_places(
    connection: &mut PgConnection,
    statements: &Statements,
) -> Result<bool, Error> {
    let lock = statements.events.lock_sequencer.query::<Postgres>(&[]);
    lock.execute(&mut *connection).await?;
    let place = statements.events.place.query::<Postgres>(&[Value::Int(Some(AT_ONCE))]);
    Ok(place.execute(&mut *connection).await?.rows_affected() > 0)
}

/// Puts the cursor of a new consumer behind every event that is visible by now.
pub(super) async fn begin(store: &PostgresStore, consumer: &str) -> Result<(), Fault> {
    let PostgresStore { gate, statements } = store;
    let mut undone = 0;
    loop {
        let mut connection = gate.connection().await?;
        let result =
            timeout(gate.patience, begin_behind(&mut connection, statements, consumer)).await;
        match gate.settle(connection, result)? {
            Err(error) if is_undone(&error) && undone < TRIES => undone += 1,
            result => return result.map_err(fault),
        }
        pause(undone).await;
    }
}

async fn begin_behind(
    connection: &mut PgConnection,
    statements: &Statements,
    consumer: &str,
) -> Result<(), Error> {
    let mut transaction = connection.begin().await?;
    while give_places(&mut transaction, statements).await? {}
    let begin = statements.events.begin.query::<Postgres>(&[Value::text(consumer)]);
    begin.execute(&mut *transaction).await?;
    transaction.commit().await
}
