//! Events: the audit trail, and how far each consumer has taken it.

use sqlx::SqlitePool;
use testudo::Timestamp;
use testudo::command::ListEvents;
use testudo::event::{EventKind, EventRecord, TakenEvents};
use testudo::model::EventId;
use testudo_driver::Fault;

use super::SqliteStore;
use super::commit::BEGIN;
use super::fault::fault;
use super::rows::{self, column};
use super::writes::{self, Statement, blob, integer};

/// ?1 consumer, ?2 now. Asked before the write lock is taken: mostly there is nothing.
const IS_ANY: &str = "SELECT EXISTS (SELECT 1 FROM events WHERE seq > \
        ifnull((SELECT seq FROM event_consumers WHERE name = ?1), 0)) \
    AND NOT EXISTS (SELECT 1 FROM event_consumers WHERE name = ?1 AND next_try > ?2)";

/// ?1 consumer, ?2 now, ?3 until when nobody else is given events. No row while it has to wait.
const LEASE: &str = "INSERT INTO event_consumers (name, seq, attempts, next_try) VALUES (?1, 0, 1, ?3) \
    ON CONFLICT (name) DO UPDATE SET attempts = attempts + 1, next_try = ?3 WHERE next_try <= ?2 \
    RETURNING seq AS \"event_consumers.seq\", attempts AS \"event_consumers.attempts\"";

/// ?1 cursor, ?2 limit.
const NEXT: &str =
    "SELECT record AS \"events.record\" FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";

/// ?1 consumer, ?2 event.
const TAKEN: &str = "UPDATE event_consumers SET \
        seq = (SELECT seq FROM events WHERE id = ?2), attempts = 0, next_try = 0 \
    WHERE name = ?1 AND seq < (SELECT seq FROM events WHERE id = ?2)";

/// ?1 consumer. The last number that was given away, also when its event was swept.
const BEGIN_AFTER_THE_LAST: &str = "INSERT INTO event_consumers (name, seq) \
    VALUES (?1, ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)) \
    ON CONFLICT (name) DO NOTHING";

/// Takes what there is for a consumer.
pub(super) async fn take(
    store: &SqliteStore,
    consumer: &str,
    now: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Result<TakenEvents, Fault> {
    let is_any = sqlx::query_scalar(IS_ANY).bind(consumer).bind(integer(now.as_millis()));
    if limit == 0 || !is_any.fetch_one(&store.readers).await.map_err(fault)? {
        return Ok(TakenEvents::default());
    }
    // What is not committed is rolled back.
    let mut transaction = store.writer.begin_with(BEGIN).await.map_err(fault)?;
    let lease = sqlx::query(LEASE)
        .bind(consumer)
        .bind(integer(now.as_millis()))
        .bind(integer(until.as_millis()));
    let Some(lease) = lease.fetch_optional(&mut *transaction).await.map_err(fault)? else {
        return Ok(TakenEvents::default());
    };
    let cursor: i64 = column(&lease, "event_consumers.seq")?;
    let attempts = column(&lease, "event_consumers.attempts")?;
    let next = sqlx::query(NEXT).bind(cursor).bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = next.fetch_all(&mut *transaction).await.map_err(fault)?;
    if rows.is_empty() {
        return Ok(TakenEvents::default());
    }
    let events =
        rows.iter().map(|row| rows::json(row, "events.record")).collect::<Result<_, _>>()?;
    transaction.commit().await.map_err(fault)?;
    Ok(TakenEvents { events, attempts })
}

pub(super) async fn taken(
    writer: &SqlitePool,
    consumer: &str,
    up_to: EventId,
) -> Result<(), Fault> {
    let query = sqlx::query(TAKEN).bind(consumer).bind(&up_to.as_uuid().as_bytes()[..]);
    query.execute(writer).await.map(drop).map_err(fault)
}

pub(super) async fn postpone(
    writer: &SqlitePool,
    consumer: &str,
    until: Timestamp,
) -> Result<(), Fault> {
    let query = sqlx::query("UPDATE event_consumers SET next_try = ?2 WHERE name = ?1")
        .bind(consumer)
        .bind(integer(until.as_millis()));
    query.execute(writer).await.map(drop).map_err(fault)
}

pub(super) async fn begin(writer: &SqlitePool, consumer: &str) -> Result<(), Fault> {
    let query = sqlx::query(BEGIN_AFTER_THE_LAST).bind(consumer);
    query.execute(writer).await.map(drop).map_err(fault)
}

pub(super) async fn forget(writer: &SqlitePool, consumer: &str) -> Result<(), Fault> {
    let query = sqlx::query("DELETE FROM event_consumers WHERE name = ?1").bind(consumer);
    query.execute(writer).await.map(drop).map_err(fault)
}

/// ?1 user, ?2 the end of the page before or NULL, ?3 since, ?4 until, ?5 kinds or NULL, ?6 limit.
macro_rules! listing {
    ($whose:literal) => {
        concat!(
            "SELECT record AS \"events.record\" FROM events WHERE ",
            $whose,
            " AND (?2 IS NULL OR id < ?2) AND at >= ?3 AND (?4 IS NULL OR at < ?4) \
               AND (?5 IS NULL OR kind IN (SELECT value FROM json_each(?5))) \
             ORDER BY id DESC LIMIT ?6"
        )
    };
}

/// Two statements, so that each goes along an index.
pub(super) async fn list(
    readers: &SqlitePool,
    command: &ListEvents,
) -> Result<Vec<EventRecord>, Fault> {
    let ListEvents { user, kinds, since, until, before, limit } = command;
    let statement = match user {
        Some(_) => listing!("user_id = ?1"),
        None => listing!("?1 IS NULL"),
    };
    let names: Vec<_> = kinds.iter().copied().map(EventKind::as_str).collect();
    let names = if names.is_empty() { None } else { Some(writes::json(&names)?) };
    let query = sqlx::query(statement)
        .bind(user.as_ref().map(|id| &id.as_uuid().as_bytes()[..]))
        .bind(before.as_ref().map(|id| &id.as_uuid().as_bytes()[..]))
        .bind(since.map_or(0, |moment| integer(moment.as_millis())))
        .bind(until.map(|moment| integer(moment.as_millis())))
        .bind(names)
        .bind(*limit);
    let rows = query.fetch_all(readers).await.map_err(fault)?;
    rows.iter().map(|row| rows::json(row, "events.record")).collect()
}

/// Adds an event to the trail.
pub(super) fn insert(record: &EventRecord) -> Result<Statement, Fault> {
    let statement =
        "INSERT INTO events (id, user_id, at, kind, record) VALUES (?1, ?2, ?3, ?4, ?5)";
    Ok(sqlx::query(statement)
        .bind(blob(record.id.as_uuid()))
        .bind(record.user.map(|id| blob(id.as_uuid())))
        .bind(integer(record.at.as_millis()))
        .bind(record.event.kind().as_str())
        .bind(writes::json(record)?))
}

#[cfg(test)]
mod tests {
    use testudo::testing::every_event;
    use testudo_driver::Store;
    use uuid::Uuid;

    use super::super::fixtures::{event, scratch, trail, user};
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
                .bind(blob(record.id.as_uuid()))
                .bind(writes::json(record).unwrap())
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
        let plan = async |statement: &'static str| -> String {
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let query = sqlx::query(explain).bind(Uuid::nil().as_bytes().to_vec());
            let rows = query.fetch_all(&store.readers).await.unwrap();
            let details = rows.iter().map(|row| sqlx::Row::get::<String, _>(row, "detail"));
            details.collect::<Vec<_>>().join("; ")
        };
        let of_user = plan(listing!("user_id = ?1")).await;
        assert!(of_user.contains("INDEX events_of_user"), "{of_user}");
        for statement in [listing!("user_id = ?1"), listing!("?1 IS NULL"), NEXT, IS_ANY] {
            let plan = plan(statement).await;
            assert!(!plan.contains("TEMP B-TREE"), "it sorts: {plan}");
        }
        let next = plan(NEXT).await;
        assert!(next.contains("SEARCH events USING INTEGER PRIMARY KEY"), "{next}");
    }
}
