//! Events, in the order in which they become visible.

use testudo::command::Commit;
use testudo::event::EventRecord;
use testudo_driver::Store;

use crate::mysql::MySqlStore;
use crate::mysql::fixtures::{NOW, commit, event, scratch, user};
use crate::sql::batch::Writes;
use crate::sql::server::Transaction;
use crate::sql::{Dialect, Layout, Naming};

/// Adds an event, as a batch does that is not committed yet.
async fn writing(store: &MySqlStore, record: &EventRecord) -> Transaction<sqlx::MySql> {
    let writes = Writes::new(&Layout::new(Dialect::MySql, Naming::new()));
    let batch = Commit { events: vec![record.clone()], ..Commit::default() };
    let mut transaction = Transaction::begin(&store.database).await.unwrap();
    for step in writes.steps(&batch).unwrap() {
        transaction.execute(step.sql, &step.values).await.unwrap();
    }
    transaction
}

async fn take(store: &MySqlStore, consumer: &str) -> Vec<EventRecord> {
    let taken = store.take_events(consumer.to_owned(), NOW, NOW, 99).await.unwrap().events;
    if let Some(last) = taken.last() {
        store.events_taken(consumer.to_owned(), last.id).await.unwrap();
    }
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_transaction_is_slower_than_the_next_is_not_skipped() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    let [slow, fast, last] = [event(&ada), event(&ada), event(&ada)];
    let under_way = writing(&store, &slow).await;
    commit(&store, Commit { events: vec![fast.clone()], ..Commit::default() }).await;

    // Nobody waits for the slow one, neither who takes nor who begins.
    assert_eq!(take(&store, "log").await, std::slice::from_ref(&fast));
    store.begin_events("late".to_owned()).await.unwrap();
    under_way.commit().await.unwrap();
    commit(&store, Commit { events: vec![last.clone()], ..Commit::default() }).await;

    assert_eq!(take(&store, "log").await, [slow.clone(), last.clone()]);
    assert_eq!(take(&store, "late").await, [slow.clone(), last.clone()]);
    assert_eq!(take(&store, "new").await, [fast, slow, last]);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_and_consumers_on_two_nodes_skip_nothing_and_repeat_nothing() {
    let (database, one) = scratch().await;
    let other = MySqlStore::open(database.url()).await.unwrap();
    let ada = user("ada@example.com");
    let records: Vec<_> = (0..400).map(|_| event(&ada)).collect();
    let writers = records.chunks(25).enumerate().map(|(number, records)| {
        let store = if number % 2 == 0 { one.clone() } else { other.clone() };
        let records = records.to_vec();
        tokio::spawn(async move {
            for record in records {
                commit(&store, Commit { events: vec![record], ..Commit::default() }).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let readers = ["a", "b"].map(|consumer| {
        let store = if consumer == "a" { one.clone() } else { other.clone() };
        let wanted = records.len();
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while taken.len() < wanted {
                taken.extend(take(&store, consumer).await);
            }
            taken
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    let [a, b] = readers;
    let (a, b) = (a.await.unwrap(), b.await.unwrap());
    assert_eq!(a, b, "the order is the same for all");
    let ids = |records: &[EventRecord]| {
        let mut ids: Vec<_> = records.iter().map(|record| record.id).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&a), ids(&records));
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_is_behind_all_events_however_many() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    let many = (0..4_100).map(|_| event(&ada)).collect();
    commit(&store, Commit { events: many, ..Commit::default() }).await;
    store.begin_events("late".to_owned()).await.unwrap();
    let new = event(&ada);
    commit(&store, Commit { events: vec![new.clone()], ..Commit::default() }).await;
    assert_eq!(take(&store, "late").await, [new]);
    store.close().await;
}
