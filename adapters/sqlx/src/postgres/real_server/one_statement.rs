//! Batches that are one statement do what a transaction does.

use testudo::Duration;
use testudo::command::{Commit, CountAttempt, Guard, Write};
use testudo::model::{AttemptKey, AttemptLimit, Digest, Epoch, Session, User, Version};
use testudo_driver::Store;

use super::super::commit::Shape;
use super::{run, scratch};
use crate::PostgresStore;
use crate::laws::fixtures::{
    NOW, commit as commit_to, event, inserting, message, session, trail, user,
};

const LIMIT: AttemptLimit = AttemptLimit {
    attempts: 9,
    window: Duration::from_secs(60),
    lock: Duration::ZERO,
    hard_stop: None,
};

/// Everything that is stored, as a text.
async fn everything(store: &PostgresStore) -> String {
    let mut all = String::new();
    for table in ["users", "sessions", "attempts", "events"] {
        let rows = format!(
            "SELECT coalesce(string_agg(t::text, ';' ORDER BY t::text), '') FROM \
            (SELECT {} FROM {table}) AS t",
            if table == "events" { "id, user_id, at, kind, record" } else { "*" }
        );
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(rows))
            .fetch_one(&mut store.database.apart().await)
            .await
            .unwrap();
        all.push_str(&rows);
    }
    all
}

/// Carries each batch out as it is and as a transaction, from the same beginning.
async fn compare(store: &PostgresStore, begin: &[Commit], cases: Vec<(&str, Commit)>) {
    for (case, batch) in cases {
        assert!(!matches!(Shape::of(&batch), Shape::Other), "{case}: not one statement");
        let mut outcomes = Vec::new();
        for at_once in [true, false] {
            run(store, "TRUNCATE users, sessions, attempts, events").await;
            for batch in begin {
                commit_to(store, batch.clone()).await;
            }
            for key in [account(), network()] {
                for _ in 0..2 {
                    let command = CountAttempt { key: key.clone(), limit: LIMIT, now: NOW };
                    store.count_attempt(command).await.unwrap();
                }
            }
            let before = everything(store).await;
            let is_applied = if at_once {
                store.commit(batch.clone()).await.unwrap().is_ok()
            } else {
                let steps = store.statements.writes.steps(&batch).unwrap();
                store.database.all_or_nothing(&steps).await.unwrap()
            };
            let after = everything(store).await;
            assert_eq!(is_applied, before != after, "{case}");
            outcomes.push((is_applied, after));
        }
        assert_eq!(outcomes[0], outcomes[1], "{case}");
        assert_eq!(outcomes[0].0, case.starts_with("all holds"), "{case}");
    }
}

fn account() -> AttemptKey {
    AttemptKey::login_account(user("ada@example.com").email.key())
}

fn network() -> AttemptKey {
    AttemptKey::login_network([192, 0, 2, 1].into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_in_one_statement_does_what_a_transaction_does() {
    let (_database, store) = scratch().await;
    let (ada, bob) = (user("ada@example.com"), user("bob@example.com"));
    let (hers, old) = (session(&ada), session(&ada));
    let window = NOW + LIMIT.window;
    let next = User { last_login: Some(NOW), version: ada.version.next(), ..ada.clone() };
    let replace = |user: &User, was| Write::ReplaceUser { user: Box::new(user.clone()), was };
    let insert = |session: &Session| Write::InsertSession(Box::new(session.clone()));
    let clear = Write::ClearAttempts(account());
    let refund = Write::RefundAttempt { key: network(), window };
    let batch = |writes: &[Write], events: usize| Commit {
        writes: writes.to_vec(),
        events: (0..events).map(|_| event(&ada)).collect(),
        ..Commit::default()
    };
    let whole = [replace(&next, ada.version), insert(&hers), clear.clone(), refund.clone()];
    let moved = User { email: bob.email.clone(), ..next.clone() };
    let unknown = User { version: Version::new(1), ..user("eve@example.com") };
    let twice = batch(&whole, 1).events[0].clone();
    let mut cases = vec![
        ("all holds", batch(&whole, 1)),
        ("all holds, without an event", batch(&whole, 0)),
        ("all holds, with many events", batch(&whole, 5)),
        ("all holds, without counters", batch(&whole[..2], 1)),
        ("all holds, clearing alone", batch(&whole[..3], 1)),
        ("all holds, a refund alone", batch(&[whole[0].clone(), whole[1].clone(), refund], 1)),
        (
            "another change came first",
            batch(&[replace(&next, Version::new(7)), insert(&hers), clear.clone()], 1),
        ),
        (
            "there is no such user",
            batch(&[replace(&unknown, Version::FIRST), insert(&hers), clear.clone()], 1),
        ),
        (
            "the session is there",
            batch(&[replace(&next, ada.version), insert(&old), clear.clone()], 1),
        ),
        ("the address is taken", batch(&[replace(&moved, ada.version), insert(&hers), clear], 1)),
    ];
    let mut doubled = batch(&whole, 0);
    doubled.events = vec![twice.clone(), twice];
    cases.push(("an event is there", doubled));
    let mut begin = inserting(&ada);
    begin.writes.push(insert(&old));
    compare(&store, &[begin, inserting(&bob)], cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_in_one_statement_does_what_a_transaction_does() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    let begun = session(&ada);
    let next = Session {
        generation: 1,
        refresh_digest: Digest::of(b"next"),
        expires_at: begun.expires_at + Duration::from_days(1),
        version: begun.version.next(),
        ..begun.clone()
    };
    let batch = |session: &Session, was: Version, id, epoch| Commit {
        guards: vec![Guard::UserEpoch { id, epoch }],
        writes: vec![Write::ReplaceSession { session: Box::new(session.clone()), was }],
        ..Commit::default()
    };
    let stranger = user("eve@example.com");
    let (was, epoch) = (begun.version, ada.epoch);
    let cases = vec![
        ("all holds", batch(&next, was, ada.id, epoch)),
        ("the epoch moved on", batch(&next, was, ada.id, Epoch::new(7))),
        ("the user is gone", batch(&next, was, stranger.id, epoch)),
        ("another refresh came first", batch(&next, Version::new(7), ada.id, epoch)),
        ("there is no such session", batch(&session(&ada), was, ada.id, epoch)),
    ];
    let mut begin = inserting(&ada);
    begin.writes.push(Write::InsertSession(Box::new(begun.clone())));
    compare(&store, &[begin], cases).await;
}

#[test]
fn a_batch_of_another_shape_is_a_transaction() {
    let ada = user("ada@example.com");
    let replace = Write::ReplaceUser { user: Box::new(ada.clone()), was: ada.version };
    let insert = Write::InsertSession(Box::new(session(&ada)));
    let clear = Write::ClearAttempts(account());
    let refund = Write::RefundAttempt { key: account(), window: NOW };
    let guard = Guard::UserEpoch { id: ada.id, epoch: ada.epoch };
    let writing = |writes: &[&Write]| Commit {
        writes: writes.iter().copied().cloned().collect(),
        ..Commit::default()
    };
    let mut with_message = writing(&[&replace, &insert]);
    with_message.messages.push(message());
    let mut guarded = writing(&[&replace, &insert]);
    guarded.guards.push(guard);
    for batch in [
        writing(&[]),
        writing(&[&replace]),
        writing(&[&insert]),
        writing(&[&replace, &insert, &insert]),
        // A statement that deletes and updates one row does one of both.
        writing(&[&replace, &insert, &clear, &refund]),
        with_message,
        guarded,
    ] {
        assert!(matches!(Shape::of(&batch), Shape::Other), "{batch:?}");
    }
}

/// A sign-in is seen whole or not at all also by the trail.
#[tokio::test(flavor = "multi_thread")]
async fn of_50_sign_ins_at_one_version_one_is_written() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    commit_to(&store, inserting(&ada)).await;
    let sign_ins: Vec<_> = (0..50)
        .map(|_| {
            let next = User { version: ada.version.next(), ..ada.clone() };
            let batch = Commit {
                writes: vec![
                    Write::ReplaceUser { user: Box::new(next), was: ada.version },
                    Write::InsertSession(Box::new(session(&ada))),
                ],
                events: vec![event(&ada)],
                ..Commit::default()
            };
            let store = store.clone();
            tokio::spawn(async move { store.commit(batch).await.unwrap().is_ok() })
        })
        .collect();
    let mut written = 0;
    for sign_in in sign_ins {
        written += i32::from(sign_in.await.unwrap());
    }
    assert_eq!(written, 1);
    assert_eq!(trail(&store).await.len(), 2);
    let sessions = "SELECT count(*) FROM sessions";
    let sessions: i64 =
        sqlx::query_scalar(sessions).fetch_one(&mut store.database.apart().await).await.unwrap();
    assert_eq!(sessions, 1);
}
