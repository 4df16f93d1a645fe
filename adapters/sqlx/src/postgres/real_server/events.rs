//! Places of events.

use testudo::command::Commit;
use testudo::event::EventRecord;
use testudo_driver::Store;

use super::scratch;
use crate::PostgresStore;
use crate::laws::fixtures::{NOW, commit, event, user};

async fn record(store: &PostgresStore, events: Vec<EventRecord>) {
    commit(store, Commit { events, ..Commit::default() }).await;
}

/// No place is given twice: nobody could take events any more.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_swept_while_they_get_places_leave_theirs_empty() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    let old: Vec<_> = (0..6).map(|_| event(&ada)).collect();
    record(&store, old.clone()).await;

    let mut sweeping = store.database.apart().await;
    let mut sweep = sqlx::Connection::begin(&mut sweeping).await.unwrap();
    for gone in &old[..2] {
        let gone = format!("DELETE FROM events WHERE id = '{}'", gone.id);
        sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(&mut *sweep).await.unwrap();
    }
    let taking = {
        let store = store.clone();
        tokio::spawn(async move { store.take_events("log".into(), NOW, NOW, 99).await.unwrap() })
    };
    // It waits for the rows that are being removed, having numbered them.
    let waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
        AND datname = current_database()";
    let mut looking = store.database.apart().await;
    while sqlx::query(waits).fetch_optional(&mut looking).await.unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    sweep.commit().await.unwrap();
    assert_eq!(taking.await.unwrap().events, old[2..]);

    let new: Vec<_> = (0..3).map(|_| event(&ada)).collect();
    record(&store, new.clone()).await;
    let all = [&old[2..], &new].concat();
    assert_eq!(store.take_events("other".into(), NOW, NOW, 99).await.unwrap().events, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_begins_is_behind_all_events_however_many() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    record(&store, (0..11_000).map(|_| event(&ada)).collect()).await;
    store.begin_events("late".into()).await.unwrap();
    let new = event(&ada);
    record(&store, vec![new.clone()]).await;
    assert_eq!(store.take_events("late".into(), NOW, NOW, 99).await.unwrap().events, [new]);
}
