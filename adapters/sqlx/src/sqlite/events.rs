//! Events: how far each consumer has taken them.

use sqlx::{Sqlite, SqlitePool};
use testudo::Timestamp;
use testudo::event::TakenEvents;
use testudo::model::EventId;
use testudo_driver::Fault;

use super::SqliteStore;
use super::commit::BEGIN;
use super::fault::fault;
use crate::sql::records::{count, event};
use crate::sql::{Columns, Link, Sql, Value};

/// Takes what there is for a consumer.
pub(super) async fn take(
    store: &SqliteStore,
    consumer: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<TakenEvents, Fault> {
    let statements = &store.statements.events;
    let name = Value::text(consumer);
    let is_any = store.readers.rows(&statements.is_any, &[name.clone(), now.into()]).await?;
    if limit == 0 || is_any.is_empty() {
        return Ok(TakenEvents::default());
    }
    // What is not committed is rolled back.
    let mut transaction = store.writer.begin_with(BEGIN).await.map_err(fault)?;
    let lease = statements.lease.query::<Sqlite>(&[name, now.into(), until.into()]);
    let Some(lease) = lease.fetch_optional(&mut *transaction).await.map_err(fault)? else {
        return Ok(TakenEvents::default());
    };
    let cursor = lease.int("event_consumers.seq")?;
    let attempts = count(&lease, "event_consumers.attempts")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let next = statements.next.query::<Sqlite>(&[Value::Int(cursor), Value::Int(Some(limit))]);
    let rows = next.fetch_all(&mut *transaction).await.map_err(fault)?;
    if rows.is_empty() {
        return Ok(TakenEvents::default());
    }
    let events = rows.iter().map(event).collect::<Result<_, _>>()?;
    transaction.commit().await.map_err(fault)?;
    Ok(TakenEvents { events, attempts })
}

pub(super) async fn taken(
    store: &SqliteStore,
    consumer: &str,
    up_to: EventId,
) -> Result<(), Fault> {
    let values = [Value::text(consumer), Value::uuid(up_to.as_uuid())];
    execute(&store.writer, &store.statements.events.taken, &values).await
}

pub(super) async fn postpone(
    store: &SqliteStore,
    consumer: &str,
    until: Timestamp,
) -> Result<(), Fault> {
    let values = [Value::text(consumer), until.into()];
    execute(&store.writer, &store.statements.events.postpone, &values).await
}

pub(super) async fn begin(store: &SqliteStore, consumer: &str) -> Result<(), Fault> {
    execute(&store.writer, &store.statements.events.begin, &[Value::text(consumer)]).await
}

pub(super) async fn forget(store: &SqliteStore, consumer: &str) -> Result<(), Fault> {
    execute(&store.writer, &store.statements.events.forget, &[Value::text(consumer)]).await
}

/// Carries out one statement that changes rows.
pub(super) async fn execute(
    writer: &SqlitePool,
    sql: &Sql,
    values: &[Value<'_>],
) -> Result<(), Fault> {
    sql.query::<Sqlite>(values).execute(writer).await.map(drop).map_err(fault)
}

#[cfg(test)]
mod tests {
    use testudo::command::ListEvents;
    use testudo::event::EventRecord;
    use testudo::testing::every_event;
    use testudo_driver::Store;

    use super::super::fixtures::{event, plan, scratch, trail, user};
    use super::*;

    /// What waits in the outbox of an earlier version becomes the beginning of the trail.
    #[tokio::test(flavor = "multi_thread")]
    async fn events_that_were_not_delivered_before_the_migration_are_not_lost() {
        let (_directory, store) = scratch().await;
        let raw = async |statements: &'static str| {
            sqlx::raw_sql(statements).execute(&store.writer).await.unwrap();
        };
        raw("DROP TABLE events; DROP TABLE event_consumers; \
             CREATE TABLE outbox (seq INTEGER NOT NULL PRIMARY KEY, id BLOB NOT NULL UNIQUE, \
                record TEXT NOT NULL) STRICT;")
        .await;
        let ada = user("ada@example.com");
        let moments = [0, 1, 999, 1_700_000_000_123, 253_402_207_199_999];
        let moments = moments.into_iter().cycle().map(Timestamp::from_millis);
        let records: Vec<_> = (0..)
            .zip(moments)
            .zip(every_event())
            .map(|((number, at), kind)| EventRecord {
                at,
                user: (number % 3 > 0).then_some(ada.id),
                event: kind,
                ..event(&ada)
            })
            .collect();
        for (number, record) in (1_i64..).zip(&records) {
            sqlx::query("INSERT INTO outbox (seq, id, record) VALUES (?1, ?2, ?3)")
                .bind(number * 7)
                .bind(record.id.as_uuid().as_bytes().to_vec())
                .bind(serde_json::to_string(record).unwrap())
                .execute(&store.writer)
                .await
                .unwrap();
        }
        raw(include_str!("../../migrations/sqlite/0004_audit_trail.sql")).await;

        let now = Timestamp::from_millis(0);
        let taken = store.take_events("log".to_owned(), now, now, usize::MAX).await.unwrap();
        assert_eq!(taken.events, records);
        assert_eq!(trail(&store).await.len(), records.len());
        // Every column says what the record says.
        for record in &records {
            let wanted = ListEvents {
                user: record.user,
                kinds: vec![record.event.kind()],
                since: Some(record.at),
                until: Some(record.at + testudo::Duration::from_millis(1)),
                ..ListEvents::newest(9)
            };
            assert_eq!(
                store.list_events(wanted).await.unwrap().as_slice(),
                std::slice::from_ref(record)
            );
        }
        // And the next number comes after the last one that there was.
        store.begin_events("late".to_owned()).await.unwrap();
        let next = event(&user("bob@example.com"));
        let batch = testudo::command::Commit { events: vec![next.clone()], ..Default::default() };
        store.commit(batch).await.unwrap().unwrap();
        let late = store.take_events("late".to_owned(), now, now, 9).await.unwrap();
        assert_eq!(late.events, [next]);
    }

    /// Looking whether there is anything takes no lock, and a list goes along an index.
    #[tokio::test(flavor = "multi_thread")]
    async fn the_trail_is_never_scanned() {
        let (_directory, store) = scratch().await;
        let (reads, own) = (&store.statements.reads, &store.statements.events);
        let of_user = [&reads.events_of_user.first, &reads.events_of_user.next];
        for sql in of_user {
            let plan = plan(&store, sql).await;
            assert!(plan.contains("INDEX events_of_user"), "{plan}");
        }
        let all = [&reads.events.first, &reads.events.next, &own.next, &own.is_any];
        for sql in all.into_iter().chain(of_user) {
            let plan = plan(&store, sql).await;
            assert!(!plan.contains("TEMP B-TREE"), "it sorts: {plan}");
        }
        let next = plan(&store, &own.next).await;
        assert!(next.contains("SEARCH events USING INTEGER PRIMARY KEY"), "{next}");
    }
}
