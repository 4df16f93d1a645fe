//! Events on their way out.

use sqlx::SqlitePool;
use testudo::event::EventRecord;
use testudo::model::EventId;
use testudo_driver::Fault;

use super::fault::fault;
use super::{rows, writes};

/// The oldest events, in the order of their commits.
pub(super) async fn undelivered(
    readers: &SqlitePool,
    limit: usize,
) -> Result<Vec<EventRecord>, Fault> {
    let statement = "SELECT record AS \"outbox.record\" FROM outbox ORDER BY seq LIMIT ?1";
    let query = sqlx::query(statement).bind(i64::try_from(limit).unwrap_or(i64::MAX));
    let rows = query.fetch_all(readers).await.map_err(fault)?;
    rows.iter().map(|row| rows::json(row, "outbox.record")).collect()
}

/// Forgets events: one statement, however many there are.
pub(super) async fn delivered(writer: &SqlitePool, events: &[EventId]) -> Result<(), Fault> {
    let statement = "DELETE FROM outbox WHERE id IN (SELECT unhex(value, '-') FROM json_each(?1))";
    let query = sqlx::query(statement).bind(writes::json(events)?);
    query.execute(writer).await.map(drop).map_err(fault)
}
