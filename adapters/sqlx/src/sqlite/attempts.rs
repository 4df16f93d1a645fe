//! Attempt counters: counting is one statement.

use sqlx::SqlitePool;
use testudo::Timestamp;
use testudo::command::CountAttempt;
use testudo::model::{AttemptCounter, AttemptKey, AttemptVerdict, WindowEnd};
use testudo_driver::{Fault, FaultKind};

use super::SqliteStore;
use super::commit::BEGIN;
use super::fault::fault;
use super::rows;
use super::writes::{Statement, integer};

/// [`AttemptCounter::reserve`] as SQL: it changes a row, and returns it, exactly when the attempt is
/// allowed.
///
/// ?1 key, ?2 now, ?3 the end of a window that begins now, ?4 the end of a lock that begins now,
/// ?5 attempts per window, ?6 the hard stop or NULL.
const RESERVE: &str = "INSERT INTO attempts (key, count, window_end, consecutive) \
    SELECT ?1, 1, CASE WHEN ?5 = 1 THEN max(?3, ?4) ELSE ?3 END, 1 \
    WHERE ?5 > 0 AND (?6 IS NULL OR ?6 > 0) \
    ON CONFLICT (key) DO UPDATE SET \
        count = CASE WHEN ?2 < window_end THEN count + 1 ELSE 1 END, \
        window_end = CASE \
            WHEN ?2 >= window_end THEN excluded.window_end \
            WHEN count + 1 < ?5 THEN window_end \
            ELSE max(window_end, ?4) END, \
        consecutive = min(consecutive + 1, 4294967295) \
    WHERE (?2 >= window_end OR count < ?5) AND (?6 IS NULL OR consecutive < ?6) \
    RETURNING count AS \"attempts.count\", window_end AS \"attempts.window_end\"";

const COUNTER: &str = "SELECT count AS \"attempts.count\", window_end AS \"attempts.window_end\", \
    consecutive AS \"attempts.consecutive\" FROM attempts WHERE key = ?1";

/// ?1 since when they are idle, ?2 the end of the page before: every key comes after no text at all. ?3 limit.
const IDLE: &str = "SELECT key AS \"attempts.key\" FROM attempts \
    WHERE window_end <= ?1 AND key > ?2 ORDER BY key LIMIT ?3";

/// How often a counter may be cleared between a refusal and the question why, before we give up.
const ROUNDS: usize = 8;

/// Counts an attempt if it is allowed, and says why if it is not.
pub(super) async fn count(
    store: &SqliteStore,
    command: &CountAttempt,
) -> Result<AttemptVerdict, Fault> {
    for _ in 0..ROUNDS {
        if let Some(allowed) = reserve(&store.writer, command).await? {
            return Ok(allowed);
        }
        // A copy is asked, so nothing is counted here. Were the answer `Allowed`, the counter was
        // cleared or refunded in between, and the attempt is made again.
        let mut counter = find(&store.readers, &command.key).await?;
        match counter.reserve(&command.limit, command.now) {
            AttemptVerdict::Allowed { .. } => {}
            refused => return Ok(refused),
        }
    }
    Err(Fault::new(FaultKind::Overloaded, "an attempt counter changes faster than it can be read"))
}

/// [`Write::RefundAttempt`](testudo::command::Write::RefundAttempt).
pub(super) fn refund(key: &AttemptKey, window: WindowEnd) -> Statement {
    sqlx::query(
        "UPDATE attempts SET count = max(count - 1, 0), consecutive = max(consecutive - 1, 0) \
         WHERE key = ?1 AND window_end = ?2",
    )
    .bind(key.as_str().to_owned())
    .bind(integer(window.as_millis()))
}

/// [`Write::ClearAttempts`](testudo::command::Write::ClearAttempts).
pub(super) fn clear(key: &AttemptKey) -> Statement {
    sqlx::query("DELETE FROM attempts WHERE key = ?1").bind(key.as_str().to_owned())
}

/// A page of the keys of idle counters.
pub(super) async fn list_idle(
    readers: &SqlitePool,
    idle_since: Timestamp,
    after: Option<&AttemptKey>,
    limit: u32,
) -> Result<Vec<AttemptKey>, Fault> {
    let query = sqlx::query(IDLE)
        .bind(integer(idle_since.as_millis()))
        .bind(after.map_or("", AttemptKey::as_str))
        .bind(limit);
    let rows = query.fetch_all(readers).await.map_err(fault)?;
    let key = |row| rows::column(row, "attempts.key").map(AttemptKey::from_stored);
    rows.iter().map(key).collect()
}

/// Removes those of the counters that are idle. One by one, as a list in JSON could not name a key with a NUL.
pub(super) async fn forget(
    writer: &SqlitePool,
    keys: &[AttemptKey],
    idle_since: Timestamp,
) -> Result<u64, Fault> {
    let mut transaction = writer.begin_with(BEGIN).await.map_err(fault)?;
    let mut forgotten = 0u64;
    for key in keys {
        let query = sqlx::query("DELETE FROM attempts WHERE key = ?1 AND window_end <= ?2")
            .bind(key.as_str())
            .bind(integer(idle_since.as_millis()));
        let done = query.execute(&mut *transaction).await.map_err(fault)?;
        forgotten = forgotten.saturating_add(done.rows_affected());
    }
    transaction.commit().await.map_err(fault)?;
    Ok(forgotten)
}

async fn reserve(
    writer: &SqlitePool,
    command: &CountAttempt,
) -> Result<Option<AttemptVerdict>, Fault> {
    let CountAttempt { key, limit, now } = command;
    let query = sqlx::query(RESERVE)
        .bind(key.as_str())
        .bind(integer(now.as_millis()))
        .bind(integer((*now + limit.window).as_millis()))
        .bind(integer((*now + limit.lock).as_millis()))
        .bind(limit.attempts)
        .bind(limit.hard_stop);
    // All rows, though there is at most one: only running to its end commits the statement, and an
    // error of that commit must not be lost, as it would be with `fetch_optional`.
    let rows = query.fetch_all(writer).await.map_err(fault)?;
    let Some(row) = rows.first() else { return Ok(None) };
    let count: u32 = rows::column(row, "attempts.count")?;
    let window = rows::moment(row, "attempts.window_end")?;
    Ok(Some(AttemptVerdict::Allowed { window, is_last: count >= limit.attempts }))
}

async fn find(readers: &SqlitePool, key: &AttemptKey) -> Result<AttemptCounter, Fault> {
    let query = sqlx::query(COUNTER).bind(key.as_str());
    let row = query.fetch_optional(readers).await.map_err(fault)?;
    let Some(row) = row else { return Ok(AttemptCounter::new()) };
    Ok(AttemptCounter {
        count: rows::column(&row, "attempts.count")?,
        window_end: rows::moment(&row, "attempts.window_end")?,
        consecutive: rows::column(&row, "attempts.consecutive")?,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use proptest::collection::vec;
    use proptest::prelude::*;
    use testudo::Duration;
    use testudo::command::{Commit, Write};
    use testudo::model::{AttemptLimit, EmailKey};
    use testudo::reference::Tables;
    use testudo_driver::Store;

    use super::super::fixtures::{commit, scratch};
    use super::*;

    /// What may be done to a counter.
    #[derive(Clone, Debug)]
    enum Act {
        Reserve(AttemptLimit, Timestamp),
        /// The attempt that many acts ago.
        Refund(usize),
        /// Of a window that there may never have been.
        RefundAt(Timestamp),
        Clear,
    }

    fn limits() -> impl Strategy<Value = AttemptLimit> {
        let spans = || prop_oneof![9 => 0u64..40, 1 => Just(u64::MAX)];
        let hard_stops = prop_oneof![Just(None), (0u32..8).prop_map(Some)];
        (0u32..5, spans(), spans(), hard_stops).prop_map(|(attempts, window, lock, hard_stop)| {
            let (window, lock) = (Duration::from_millis(window), Duration::from_millis(lock));
            AttemptLimit { attempts, window, lock, hard_stop }
        })
    }

    /// So few that windows begin, go on and end, and that the clock goes back.
    fn moments() -> impl Strategy<Value = Timestamp> {
        prop_oneof![19 => 0u64..60, 1 => Just(u64::MAX)].prop_map(Timestamp::from_millis)
    }

    fn acts() -> impl Strategy<Value = Act> {
        prop_oneof![
            16 => (limits(), moments()).prop_map(|(limit, now)| Act::Reserve(limit, now)),
            4 => (0usize..6).prop_map(Act::Refund),
            1 => moments().prop_map(Act::RefundAt),
            1 => Just(Act::Clear),
        ]
    }

    /// Long runs under one limit, as they are in life, and limits that change all the time.
    fn scripts() -> impl Strategy<Value = Vec<Act>> {
        let steady = (limits(), vec((acts(), 0u64..60), 1..40)).prop_map(|(limit, acts)| {
            let steady = |(act, now)| match act {
                Act::Reserve(..) => Act::Reserve(limit, Timestamp::from_millis(now)),
                other => other,
            };
            acts.into_iter().map(steady).collect()
        });
        prop_oneof![steady, vec(acts(), 1..40)]
    }

    #[test]
    fn counting_refunding_and_clearing_do_what_the_reference_does() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (_directory, store) = runtime.block_on(scratch());
        // Nothing here is about power loss, and thousands of syncs would take minutes.
        let relaxed = sqlx::query("PRAGMA synchronous = OFF");
        runtime.block_on(relaxed.execute(&store.writer)).unwrap();

        let cases = AtomicU32::new(0);
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(script in scripts())| {
            let case = cases.fetch_add(1, Ordering::Relaxed);
            let key = AttemptKey::login_account(&EmailKey::from_stored(format!("case-{case}")));
            runtime.block_on(follow(&store, &key, script))?;
        });
    }

    async fn follow(
        store: &SqliteStore,
        key: &AttemptKey,
        script: Vec<Act>,
    ) -> Result<(), TestCaseError> {
        let mut tables = Tables::new();
        let mut windows = Vec::new();
        for act in script {
            match act {
                Act::Reserve(limit, now) => {
                    let command = CountAttempt { key: key.clone(), limit, now };
                    let expected = tables.count_attempt(&command);
                    let verdict = store.count_attempt(command).await.unwrap();
                    prop_assert_eq!(verdict, expected, "at {:?} under {:?}", now, limit);
                    if let AttemptVerdict::Allowed { window, .. } = verdict {
                        windows.push(window);
                    }
                }
                Act::Refund(ago) => {
                    if let Some(window) = windows.iter().rev().nth(ago) {
                        both(store, &mut tables, refund_of(key, *window)).await;
                    }
                }
                Act::RefundAt(window) => both(store, &mut tables, refund_of(key, window)).await,
                Act::Clear => both(store, &mut tables, Write::ClearAttempts(key.clone())).await,
            }
        }
        Ok(())
    }

    fn refund_of(key: &AttemptKey, window: WindowEnd) -> Write {
        Write::RefundAttempt { key: key.clone(), window }
    }

    async fn both(store: &SqliteStore, tables: &mut Tables, write: Write) {
        let batch = Commit { writes: vec![write], ..Commit::default() };
        tables.commit(batch.clone()).unwrap();
        commit(store, batch).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_processes_together_allow_no_more_than_the_limit() {
        let (directory, server) = scratch().await;
        let tool = SqliteStore::open(directory.path().join("records.db")).await.unwrap();
        let key = AttemptKey::login_account(&EmailKey::from_stored("ada@example.com".into()));
        let window = Duration::from_secs(300);
        let limit = AttemptLimit { attempts: 70, window, lock: window, hard_stop: None };
        let now = Timestamp::from_millis(1_700_000_000_000);

        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let store = if number % 2 == 0 { server.clone() } else { tool.clone() };
                let command = CountAttempt { key: key.clone(), limit, now };
                tokio::spawn(async move { store.count_attempt(command).await.unwrap() })
            })
            .collect();
        let (mut allowed, mut last) = (0, 0);
        for task in tasks {
            if let AttemptVerdict::Allowed { is_last, .. } = task.await.unwrap() {
                allowed += 1;
                last += i32::from(is_last);
            }
        }
        assert_eq!((allowed, last), (70, 1));
    }
}
