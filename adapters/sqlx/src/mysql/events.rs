//! Events: giving them places, and how far each consumer has taken them.
//!
//! Whoever writes an event locks nothing that others want: it has a number, which may become visible after a higher
//! one. Whoever takes events, or begins to, first locks the one row of the sequencer and gives the next places to all
//! events that are visible and have none, in the order of their numbers. Cursors go along the places. So an event
//! that becomes visible late gets a place behind all cursors, and none is skipped.

use sqlx::MySql;
use sqlx::mysql::MySqlRow;
use testudo::Timestamp;
use testudo::event::TakenEvents;
use testudo::model::EventId;
use testudo_driver::Fault;

use super::MySqlStore;
use super::lists;
use crate::sql::records::{count, event, moment};
use crate::sql::server::{Failure, Retries, Transaction};
use crate::sql::{Columns, Layout, Link, Sql, Table, Value, required};

/// To how many times [`lists::LENGTH`] events places are given in one transaction: who waits for the sequencer waits no
/// longer than that takes.
const PORTION: usize = 20;

#[derive(Clone, Debug)]
pub(super) struct Events {
    is_any: Sql,
    lock_sequencer: Sql,
    pub(super) without_place: Sql,
    give_places: Sql,
    move_sequencer: Sql,
    consumer: Sql,
    pub(super) next: Sql,
    lease: Sql,
    place_of: Sql,
    taken: Sql,
    postpone: Sql,
    begin: Sql,
    forget: Sql,
}

impl Events {
    pub(super) fn new(layout: &Layout) -> Self {
        let (events, consumers) = (layout.from(Table::Events), layout.table(Table::EventConsumers));
        let sequencer = layout.table(Table::EventSequencer);
        let [number, seq, id] =
            ["number", "seq", "id"].map(|column| layout.of(Table::Events, column));
        let [name, cursor, attempts, next_try] = ["name", "seq", "attempts", "next_try"]
            .map(|column| layout.column(Table::EventConsumers, column));
        let [the_row, last] =
            ["id", "seq"].map(|column| layout.column(Table::EventSequencer, column));
        let numbers = lists::places(1);
        Self {
            is_any: layout.sql(&format!(
                "SELECT 1 FROM DUAL WHERE NOT EXISTS \
                     (SELECT 1 FROM {consumers} WHERE {name} = ?1 AND {next_try} > ?2) \
                 AND (EXISTS (SELECT 1 FROM {events} WHERE {seq} IS NULL) \
                     OR EXISTS (SELECT 1 FROM {events} WHERE {seq} > \
                         COALESCE((SELECT {cursor} FROM {consumers} WHERE {name} = ?1), 0)))"
            )),
            lock_sequencer: layout.sql(&format!(
                "SELECT {} FROM {} WHERE {the_row} = 1 FOR UPDATE",
                layout.some(Table::EventSequencer, &["seq"]),
                layout.from(Table::EventSequencer),
            )),
            // It locks nothing, and so waits for nobody who is still writing.
            without_place: layout.sql(&format!(
                "SELECT {} FROM {events} WHERE {seq} IS NULL ORDER BY {number} LIMIT {}",
                layout.some(Table::Events, &["number"]),
                lists::LENGTH,
            )),
            give_places: layout.sql(&format!(
                "UPDATE {} SET {seq} = ?{} + FIELD({number}, {numbers}) WHERE {number} IN ({numbers})",
                layout.table(Table::Events),
                lists::LENGTH + 1,
                number = layout.column(Table::Events, "number"),
                seq = layout.column(Table::Events, "seq"),
            )),
            move_sequencer: layout
                .sql(&format!("UPDATE {sequencer} SET {last} = ?1 WHERE {the_row} = 1")),
            consumer: layout.sql(&format!(
                "SELECT {} FROM {} WHERE {name} = ?1 FOR UPDATE",
                layout.all(Table::EventConsumers),
                layout.from(Table::EventConsumers),
            )),
            next: layout.sql(&format!(
                "SELECT {} FROM {events} WHERE {seq} > ?1 ORDER BY {seq} LIMIT ?2",
                layout.some(Table::Events, &["record"]),
            )),
            lease: layout.sql(&format!(
                "INSERT INTO {consumers} ({name}, {cursor}, {attempts}, {next_try}) \
                 VALUES (?1, 0, 1, ?2) ON DUPLICATE KEY UPDATE \
                 {attempts} = LEAST({attempts} + 1, 4294967295), {next_try} = ?2"
            )),
            place_of: layout.sql(&format!(
                "SELECT {} FROM {events} WHERE {id} = ?1",
                layout.some(Table::Events, &["seq"]),
            )),
            taken: layout.sql(&format!(
                "UPDATE {consumers} SET {cursor} = ?2, {attempts} = 0, {next_try} = 0 \
                 WHERE {name} = ?1 AND {cursor} < ?2"
            )),
            postpone: layout
                .sql(&format!("UPDATE {consumers} SET {next_try} = ?2 WHERE {name} = ?1")),
            begin: layout.sql(&format!(
                "INSERT INTO {consumers} ({name}, {cursor}, {attempts}, {next_try}) \
                 VALUES (?1, ?2, 0, 0) ON DUPLICATE KEY UPDATE {cursor} = {cursor}"
            )),
            forget: layout.sql(&format!("DELETE FROM {consumers} WHERE {name} = ?1")),
        }
    }
}

/// Takes what there is for a consumer.
pub(super) async fn take(
    store: &MySqlStore,
    consumer: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<TakenEvents, Fault> {
    let values = [name(consumer), now.into()];
    let any = store.database.rows(&store.statements.events.is_any, &values).await?;
    if limit == 0 || any.is_empty() {
        return Ok(TakenEvents::default());
    }
    let mut retries = Retries::new();
    loop {
        match lease(store, consumer, now, until, limit).await {
            Err(failure) => retries.after(failure).await?,
            Ok(taken) => return Ok(taken),
        }
    }
}

async fn lease(
    store: &MySqlStore,
    consumer: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<TakenEvents, Failure> {
    let events = &store.statements.events;
    let mut transaction = Transaction::begin(&store.database).await?;
    place(events, &mut transaction).await?;
    let rows = transaction.rows(&events.consumer, &[name(consumer)]).await?;
    let known = rows.first();
    let (cursor, attempts) = match known {
        None => (0, 0),
        Some(row) if moment(row, "event_consumers.next_try")? > now => {
            transaction.commit().await?;
            return Ok(TakenEvents::default());
        }
        Some(row) => {
            let cursor = required(row.int("event_consumers.seq")?, "event_consumers.seq")?;
            (cursor, count(row, "event_consumers.attempts")?)
        }
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let next = [Value::Int(Some(cursor)), Value::Int(Some(limit))];
    let rows = transaction.rows(&events.next, &next).await?;
    if rows.is_empty() {
        transaction.commit().await?;
        return Ok(TakenEvents::default());
    }
    let taken = rows.iter().map(event).collect::<Result<_, _>>()?;
    transaction.execute(&events.lease, &[name(consumer), until.into()]).await?;
    transaction.commit().await?;
    Ok(TakenEvents { events: taken, attempts: attempts.saturating_add(1) })
}

/// What became of the events without places.
struct Placed {
    /// The last place that was given away.
    last: i64,
    /// Whether every event that is visible has a place.
    all: bool,
}

/// Gives places to the first of the events that are visible and have none. Nobody else does so until the transaction
/// ends.
async fn place(events: &Events, transaction: &mut Transaction<MySql>) -> Result<Placed, Failure> {
    let column = "event_sequencer.seq";
    let rows = transaction.rows(&events.lock_sequencer, &[]).await?;
    let last = required(rows.first().map(|row| row.int(column)).transpose()?.flatten(), column)?;
    let mut placed = Placed { last, all: false };
    for _ in 0..PORTION {
        let rows = transaction.rows(&events.without_place, &[]).await?;
        if rows.is_empty() {
            placed.all = true;
            break;
        }
        let numbers = rows.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        let mut values = lists::filled(&numbers, |number| Value::Int(Some(*number)));
        values.push(Value::Int(Some(placed.last)));
        transaction.execute(&events.give_places, &values).await?;
        let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        placed.last = placed.last.saturating_add(count);
    }
    if placed.last > last {
        transaction.execute(&events.move_sequencer, &[Value::Int(Some(placed.last))]).await?;
    }
    Ok(placed)
}

/// Moves a consumer's cursor.
pub(super) async fn taken(store: &MySqlStore, consumer: &str, up_to: EventId) -> Result<(), Fault> {
    let id = [Value::uuid(up_to.as_uuid())];
    let link = &store.database;
    let rows = link.rows(&store.statements.events.place_of, &id).await?;
    let Some(mut place) = rows.first().map(|row| row.int("events.seq")).transpose()? else {
        return Ok(());
    };
    // One that nobody has taken yet may have none.
    if place.is_none() {
        place_all(store).await?;
        let rows = link.rows(&store.statements.events.place_of, &id).await?;
        place = rows.first().map(|row| row.int("events.seq")).transpose()?.flatten();
    }
    if place.is_some() {
        let values = [name(consumer), Value::Int(place)];
        link.execute(&store.statements.events.taken, &values).await?;
    }
    Ok(())
}

/// Gives places to all events that are visible, and gives the last one that was given away.
async fn place_all(store: &MySqlStore) -> Result<i64, Fault> {
    let mut retries = Retries::new();
    loop {
        let placed = async {
            let mut transaction = Transaction::begin(&store.database).await?;
            let placed = place(&store.statements.events, &mut transaction).await?;
            transaction.commit().await?;
            Ok(placed)
        };
        match placed.await {
            Err(failure) => retries.after(failure).await?,
            Ok(Placed { last, all: true }) => return Ok(last),
            Ok(Placed { all: false, .. }) => {}
        }
    }
}

pub(super) async fn postpone(
    store: &MySqlStore,
    consumer: &str,
    until: Timestamp,
) -> Result<(), Fault> {
    let values = [name(consumer), until.into()];
    store.database.execute(&store.statements.events.postpone, &values).await.map(drop)
}

/// Puts the cursor of a new consumer behind all events that are visible.
pub(super) async fn begin(store: &MySqlStore, consumer: &str) -> Result<(), Fault> {
    let last = place_all(store).await?;
    let values = [name(consumer), Value::Int(Some(last))];
    store.database.execute(&store.statements.events.begin, &values).await.map(drop)
}

pub(super) async fn forget(store: &MySqlStore, consumer: &str) -> Result<(), Fault> {
    let values = [name(consumer)];
    store.database.execute(&store.statements.events.forget, &values).await.map(drop)
}

fn number(row: &MySqlRow) -> Result<i64, Failure> {
    Ok(required(row.int("events.number")?, "events.number")?)
}

/// As bytes, which is what the column is.
fn name(consumer: &str) -> Value<'_> {
    Value::bytes(consumer.as_bytes())
}
