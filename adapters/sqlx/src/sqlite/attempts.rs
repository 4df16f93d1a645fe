//! Forgetting attempt counters.

use sqlx::SqlitePool;
use testudo::Timestamp;
use testudo::model::AttemptKey;
use testudo_driver::Fault;

use super::commit::BEGIN;
use super::fault::fault;
use super::statements::Statements;

/// Removes those of the counters that are idle. One by one, as a list in JSON could not name a key with a NUL.
pub(super) async fn forget(
    writer: &SqlitePool,
    statements: &Statements,
    keys: &[AttemptKey],
    idle_since: Timestamp,
) -> Result<u64, Fault> {
    let mut transaction = writer.begin_with(BEGIN).await.map_err(fault)?;
    let mut forgotten = 0u64;
    for key in keys {
        let values = [statements.layout.dialect.attempt_key(key), idle_since.into()];
        let query = statements.forget_attempts.query::<sqlx::Sqlite>(&values);
        let done = query.execute(&mut *transaction).await.map_err(fault)?;
        forgotten = forgotten.saturating_add(done.rows_affected());
    }
    transaction.commit().await.map_err(fault)?;
    Ok(forgotten)
}
