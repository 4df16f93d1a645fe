//! Messages, taken by several workers.

use testudo::command::Commit;
use testudo_driver::Store;

use crate::mysql::fixtures::{NOW, commit, message, scratch};
use crate::sql::server::Transaction;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_has_messages_locked_keeps_nobody_from_the_next() {
    let (_database, store) = scratch().await;
    let messages: Vec<_> = (0..5).map(|_| message()).collect();
    let batch = Commit { messages: messages.clone(), ..Commit::default() };
    commit(&store, batch).await;

    let mut other = Transaction::begin(&store.database).await.unwrap();
    let due = &store.statements.messages.due;
    let locked = other.rows(due, &[NOW.into(), 2.into()]).await.unwrap();
    assert_eq!(locked.len(), 2);
    let taken = store.take_messages(NOW, NOW, 2).await.unwrap();
    let taken: Vec<_> = taken.into_iter().map(|taken| taken.message).collect();
    assert_eq!(taken, messages[2..4]);

    other.roll_back().await;
    let all = store.take_messages(NOW, NOW, 99).await.unwrap();
    let all: Vec<_> = all.into_iter().map(|taken| taken.message).collect();
    assert_eq!(all, messages, "in the order of their commits");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_than_a_statement_has_places_for_are_taken_revived_and_forgotten() {
    let (_database, store) = scratch().await;
    let messages: Vec<_> = (0..250).map(|_| message()).collect();
    commit(&store, Commit { messages: messages.clone(), ..Commit::default() }).await;
    let later = NOW + testudo::Duration::from_secs(1);
    assert_eq!(store.take_messages(NOW, later, 999).await.unwrap().len(), 250);
    assert!(store.take_messages(NOW, later, 999).await.unwrap().is_empty());
    let again = store.take_messages(later, later, 999).await.unwrap();
    assert!(again.iter().all(|taken| taken.attempts == 2));
    let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
    store.messages_sent(ids[..249].to_vec()).await.unwrap();
    let left = store.take_messages(later, later, 999).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].message, messages[249]);
    store.close().await;
}
