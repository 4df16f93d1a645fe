//! Applying batches.

use sqlx::error::ErrorKind;
use sqlx::sqlite::SqliteQueryResult;
use sqlx::{Error, Sqlite, SqliteConnection};
use testudo::command::{Commit, Conflict, Guard, Write};
use testudo_driver::Fault;

use super::SqliteStore;
use super::fault::fault;
use crate::sql::Value;
use crate::sql::batch::{Effect, Step};
use crate::sql::records::session_values;

/// Takes the write lock at once. A transaction that begins by reading may find, when it comes to
/// write, that another process wrote in between, and SQLite then fails it without waiting.
pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";

/// Applies a batch.
pub(super) async fn commit(
    store: &SqliteStore,
    batch: &Commit,
) -> Result<Result<(), Conflict>, Fault> {
    if let Some(values) = as_one_statement(batch)? {
        let refresh = store.statements.refresh.query::<Sqlite>(&values);
        if changed(refresh.execute(&store.writer).await)? {
            return Ok(Ok(()));
        }
    }
    // Also when the statement did nothing: whether that is a conflict is decided here alone.
    in_transaction(store, batch).await
}

/// The parameters with which the batch of a refresh is a single statement, which applies it or does nothing. It
/// is by far the most frequent, and begin, guard, write and commit would each be a trip to SQLite's thread and
/// back.
fn as_one_statement(batch: &Commit) -> Result<Option<Vec<Value<'_>>>, Fault> {
    let Commit { guards, writes, events, messages } = batch;
    if !(events.is_empty() && messages.is_empty()) {
        return Ok(None);
    }
    match (guards.as_slice(), writes.as_slice()) {
        ([Guard::UserEpoch { id, epoch }], [Write::ReplaceSession { session, was }]) => {
            let mut values = session_values(session)?;
            values.extend([
                Value::int(was.get()),
                Value::uuid(id.as_uuid()),
                Value::int(epoch.get()),
            ]);
            Ok(Some(values))
        }
        _ => Ok(None),
    }
}

async fn in_transaction(
    store: &SqliteStore,
    batch: &Commit,
) -> Result<Result<(), Conflict>, Fault> {
    let steps = store.statements.writes.steps(batch)?;
    let mut transaction = store.writer.begin_with(BEGIN).await.map_err(fault)?;
    for step in &steps {
        if !holds(&mut transaction, step).await? {
            // Dropped without a commit, it is rolled back, here as after a fault.
            return Ok(Err(Conflict));
        }
    }
    transaction.commit().await.map_err(fault)?;
    Ok(Ok(()))
}

async fn holds(connection: &mut SqliteConnection, step: &Step<'_>) -> Result<bool, Fault> {
    let query = step.sql.query::<Sqlite>(&step.values);
    match step.effect {
        Effect::Finds => {
            let found = query.fetch_optional(connection).await;
            found.map(|row| row.is_some()).map_err(fault)
        }
        Effect::Changes => changed(query.execute(connection).await),
        Effect::Any => query.execute(connection).await.map(|_| true).map_err(fault),
    }
}

/// Whether a statement changed a row; not if it would have made a second of its kind.
fn changed(result: Result<SqliteQueryResult, Error>) -> Result<bool, Fault> {
    match result {
        Ok(done) => Ok(done.rows_affected() > 0),
        Err(Error::Database(error)) if error.kind() == ErrorKind::UniqueViolation => Ok(false),
        Err(error) => Err(fault(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use testudo::Duration;
    use testudo::command::{FindSessionWithUser, FindUser, UserKey};
    use testudo::model::{Digest, EmailKey, Epoch, Session, User, Version};
    use testudo_driver::{FaultKind, Store};

    use super::super::SqliteStore;
    use super::super::fixtures::{
        commit as commit_to, event, inserting, scratch, session, trail, user,
    };
    use super::*;

    /// Each case of a refresh: the record that it writes, the version and the owner and epoch that it
    /// was based on.
    fn refreshes(owner: &User, stored: &Session) -> Vec<(&'static str, Commit)> {
        let next = Session {
            generation: 1,
            refresh_digest: Digest::of(b"next"),
            version: stored.version.next(),
            ..stored.clone()
        };
        let stranger = user("eve@example.com");
        let batch = |session: &Session, was: Version, id, epoch| Commit {
            guards: vec![Guard::UserEpoch { id, epoch }],
            writes: vec![Write::ReplaceSession { session: Box::new(session.clone()), was }],
            ..Commit::default()
        };
        let (was, epoch) = (stored.version, owner.epoch);
        let unknown = session(owner);
        let disowned = Session { user: stranger.id, ..next.clone() };
        let prolonged =
            Session { expires_at: next.expires_at + Duration::from_days(1), ..next.clone() };
        vec![
            ("all holds", batch(&next, was, owner.id, epoch)),
            ("all holds, and the end moves", batch(&prolonged, was, owner.id, epoch)),
            ("the epoch moved on", batch(&next, was, owner.id, Epoch::new(7))),
            ("the user is gone", batch(&next, was, stranger.id, epoch)),
            ("another refresh came first", batch(&next, Version::new(7), owner.id, epoch)),
            ("there is no such session", batch(&unknown, was, owner.id, epoch)),
            ("all holds, and the new owner is unknown", batch(&disowned, was, owner.id, epoch)),
        ]
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_refresh_in_one_statement_does_what_a_transaction_does() {
        let mut applied = Vec::new();
        let ada = user("ada@example.com");
        let begun = session(&ada);
        for (case, batch) in refreshes(&ada, &begun) {
            assert!(as_one_statement(&batch).unwrap().is_some(), "{case}: not one statement");
            let mut outcomes = Vec::new();
            for at_once in [true, false] {
                let (_directory, store) = scratch().await;
                commit_to(&store, inserting(&ada)).await;
                let insert = Write::InsertSession(Box::new(begun.clone()));
                commit_to(&store, Commit { writes: vec![insert], ..Commit::default() }).await;
                let reply = if at_once {
                    commit(&store, &batch).await.unwrap()
                } else {
                    in_transaction(&store, &batch).await.unwrap()
                };
                let key = FindSessionWithUser { id: begun.id };
                outcomes.push((reply, store.find_session_with_user(key).await.unwrap()));
            }
            assert_eq!(outcomes[0], outcomes[1], "{case}");
            applied.push((case, outcomes[0].0.is_ok()));
        }
        assert!(
            applied.iter().all(|(case, ok)| *ok == case.starts_with("all holds")),
            "{applied:?}"
        );
    }

    #[test]
    fn a_batch_that_is_more_than_a_refresh_is_a_transaction() {
        let ada = user("ada@example.com");
        let (_, refresh) = refreshes(&ada, &session(&ada)).swap_remove(0);
        let mut more = [refresh.clone(), refresh.clone(), refresh];
        more[0].events.push(event(&ada));
        more[1].guards.push(more[1].guards[0].clone());
        more[2].writes.push(more[2].writes[0].clone());
        for batch in more {
            assert!(as_one_statement(&batch).unwrap().is_none(), "{batch:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_commit_that_is_dropped_at_any_point_was_applied_wholly_or_not_at_all() {
        let (_directory, store) = scratch().await;
        let (mut finished, mut abandoned, mut kept) = (0, 0, 0);
        for polls in 0..60 {
            let ada = user(&format!("ada-{polls}@example.com"));
            let begun = session(&ada);
            let mut batch = inserting(&ada);
            batch.writes.push(Write::InsertSession(Box::new(begun.clone())));
            match poll_at_most(store.commit(batch), polls).await {
                Some(result) => {
                    result.unwrap().unwrap();
                    finished += 1;
                }
                None => abandoned += 1,
            }
            // Comes after whatever the dropped one left under way on the one connection.
            commit_to(&store, inserting(&user(&format!("bob-{polls}@example.com")))).await;

            let found = store.find_session_with_user(FindSessionWithUser { id: begun.id }).await;
            let by_id = store.find_user(FindUser { key: UserKey::Id(ada.id) }).await.unwrap();
            let events = trail(&store).await;
            let told = events.iter().filter(|event| event.user == Some(ada.id)).count();
            match found.unwrap() {
                Some(_) => {
                    assert_eq!((by_id.is_some(), told), (true, 1));
                    kept += 1;
                }
                None => assert_eq!((by_id.is_some(), told), (false, 0)),
            }
        }
        assert!(finished > 0 && abandoned > 1 && kept >= finished, "{finished} {abandoned} {kept}");
    }

    /// Runs a future, and drops it when it was polled so often and is still not done.
    async fn poll_at_most<F: Future>(future: F, polls: u32) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut left = polls;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            future.as_mut().poll(context).map(Some)
        })
        .await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_transaction_that_sqlite_ended_by_itself_does_not_block_those_that_follow() {
        let (_directory, store) = scratch().await;
        let mut transaction = store.writer.begin_with(BEGIN).await.unwrap();
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        drop(transaction);
        commit_to(&store, inserting(&user("ada@example.com"))).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_disk_is_a_fault_and_leaves_nothing_half_done() {
        let (_directory, store) = scratch().await;
        sqlx::query("PRAGMA max_page_count = 1").execute(&store.writer).await.unwrap();
        let mut ada = user("ada@example.com");
        ada.profile.insert("biography".into(), "x".repeat(500_000).into());
        let fault = store.commit(inserting(&ada)).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");

        sqlx::query("PRAGMA max_page_count = 1000000").execute(&store.writer).await.unwrap();
        let found = store.find_user(FindUser { key: UserKey::Id(ada.id) }).await.unwrap();
        assert_eq!(found, None);
        commit_to(&store, inserting(&ada)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_that_another_process_holds_is_a_fault_in_the_end() {
        let (directory, store) = scratch().await;
        let other = SqliteStore::open(directory.path().join("records.db")).await.unwrap();
        let held = other.writer.begin_with(BEGIN).await.unwrap();
        let ada = user("ada@example.com");
        let fault = store.commit(inserting(&ada)).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
        drop(held);
        commit_to(&store, inserting(&ada)).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_store_that_was_closed_is_a_fault() {
        let (_directory, store) = scratch().await;
        store.close().await;
        let fault = store.commit(inserting(&user("ada@example.com"))).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
        assert_eq!(store.ping().await.unwrap_err().kind(), FaultKind::Unavailable);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_hundred_tasks_in_two_processes_one_registers_an_address() {
        let (directory, server) = scratch().await;
        let tool = SqliteStore::open(directory.path().join("records.db")).await.unwrap();
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let store = if number % 2 == 0 { server.clone() } else { tool.clone() };
                let batch = inserting(&user("ada@example.com"));
                tokio::spawn(async move { store.commit(batch).await.unwrap() })
            })
            .collect();
        let mut accepted = 0;
        for task in tasks {
            accepted += i32::from(task.await.unwrap().is_ok());
        }
        assert_eq!(accepted, 1);
        assert_eq!(trail(&tool).await.len(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn guarded_changes_from_two_processes_lose_none_and_fail_none() {
        let (directory, server) = scratch().await;
        let tool = SqliteStore::open(directory.path().join("records.db")).await.unwrap();
        let ada = user("ada@example.com");
        commit_to(&server, inserting(&ada)).await;
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let store = if number % 2 == 0 { server.clone() } else { tool.clone() };
                tokio::spawn(async move { while !raise_version(&store, &ada_key()).await {} })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let stored = server.find_user(FindUser { key: ada_key() }).await.unwrap().unwrap();
        assert_eq!(stored.version.get(), 100);
    }

    fn ada_key() -> UserKey {
        UserKey::Email(EmailKey::from_stored("ada@example.com".into()))
    }

    /// Reads and writes under a guard; false if somebody else came first.
    async fn raise_version(store: &SqliteStore, key: &UserKey) -> bool {
        let stored = store.find_user(FindUser { key: key.clone() }).await.unwrap().unwrap();
        let (id, epoch, was) = (stored.id, stored.epoch, stored.version);
        let next = Box::new(User { version: was.next(), ..stored });
        let batch = Commit {
            guards: vec![Guard::UserEpoch { id, epoch }],
            writes: vec![Write::ReplaceUser { user: next, was }],
            ..Commit::default()
        };
        store.commit(batch).await.unwrap().is_ok()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_reader_sees_what_was_acknowledged_before() {
        let (_directory, store) = scratch().await;
        for number in 0..50 {
            let ada = user(&format!("ada-{number}@example.com"));
            commit_to(&store, inserting(&ada)).await;
            let readers: Vec<_> = (0..8)
                .map(|_| {
                    let (store, key) = (store.clone(), UserKey::Id(ada.id));
                    tokio::spawn(async move { store.find_user(FindUser { key }).await.unwrap() })
                })
                .collect();
            for reader in readers {
                assert_eq!(reader.await.unwrap().as_ref(), Some(&ada));
            }
        }
    }
}
