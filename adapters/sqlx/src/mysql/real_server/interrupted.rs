//! Commands that are dropped, and transactions that are in the way of each other.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sqlx::Connection;
use testudo::command::{Commit, FindSessionWithUser, FindUser, Guard, UserKey, Write};
use testudo::model::User;
use testudo_driver::Store;

use crate::mysql::MySqlStore;
use crate::mysql::fixtures::{
    behind_proxy, commit, inserting, number, raw, scratch, session, trail, user,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_dropped_at_any_point_was_applied_wholly_or_not_at_all() {
    let (database, others) = scratch().await;
    let (proxy, url) = behind_proxy(database.url());
    let store = MySqlStore::open(&url).await.unwrap();
    // So slow that every trip is waited for.
    proxy.delay(Duration::from_millis(1));
    let (mut finished, mut abandoned) = (0, 0);
    for polls in 0..40 {
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
        // Waits for the locks of what is still being rolled back.
        let batch = inserting(&ada);
        let was_applied = others.commit(batch).await.unwrap().is_err();
        let find = FindSessionWithUser { id: begun.id };
        let found = others.find_session_with_user(find).await.unwrap();
        assert_eq!(found.is_some(), was_applied);
        let told = trail(&others).await;
        let told = told.iter().filter(|event| event.user == Some(ada.id)).count();
        assert_eq!(told, 1);
    }
    assert!(finished > 0 && abandoned > 6, "{finished} {abandoned}");
    store.close().await;
    others.close().await;
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
async fn commands_that_are_dropped_leave_connections_for_all_others() {
    let (_database, store) = scratch().await;
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    for polls in 0..200 {
        let find = FindUser { key: UserKey::Id(ada.id) };
        let _ = poll_at_most(store.find_user(find), 1 + polls % 3).await;
    }
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (store, id) = (store.clone(), ada.id);
            tokio::spawn(async move {
                store.find_user(FindUser { key: UserKey::Id(id) }).await.unwrap()
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().as_ref(), Some(&ada));
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_loses_a_deadlock_is_tried_again() {
    let (_database, store) = scratch().await;
    let (one, other) = (user("a@example.com"), user("b@example.com"));
    let (first, second) = if one.id < other.id { (one, other) } else { (other, one) };
    commit(&store, inserting(&first)).await;
    commit(&store, inserting(&second)).await;
    raw(&store, "CREATE TABLE weight (a INT) SELECT seq AS a FROM seq_1_to_2000").await;

    // It changes so many rows that the server prefers to end the other one.
    let id = |user: &User| format!("x'{}'", user.id.as_uuid().simple());
    let lock = |user: &User| format!("UPDATE users SET email = 'x' WHERE id = {}", id(user));
    let mut connection = store.database.apart().await;
    let mut heavy = connection.begin().await.unwrap();
    for statement in ["UPDATE weight SET a = a + 1".to_owned(), lock(&second)] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *heavy).await.unwrap();
    }
    let batch = Commit { writes: vec![replacing(&first), replacing(&second)], ..Commit::default() };
    let committing = {
        let store = store.clone();
        tokio::spawn(async move { store.commit(batch).await })
    };
    // The commit has the first user, and waits for the second.
    let waits = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'";
    while number(&store, waits).await == 0 {
        // The server looks only if nobody has asked for a tenth of a second.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let statement = sqlx::AssertSqlSafe(lock(&first));
    sqlx::query(statement).execute(&mut *heavy).await.unwrap();
    heavy.commit().await.unwrap();

    committing.await.unwrap().unwrap().unwrap();
    for user in [&first, &second] {
        let found = store.find_user(FindUser { key: UserKey::Id(user.id) }).await.unwrap();
        assert_eq!(found.unwrap().version, user.version.next());
    }
    store.close().await;
}

fn replacing(user: &User) -> Write {
    let next = Box::new(User { version: user.version.next(), ..user.clone() });
    Write::ReplaceUser { user: next, was: user.version }
}

#[tokio::test(flavor = "multi_thread")]
async fn guarded_changes_from_two_nodes_lose_none_and_fail_none() {
    let (database, one) = scratch().await;
    let other = MySqlStore::open(database.url()).await.unwrap();
    let users = [user("a@example.com"), user("b@example.com")];
    for user in &users {
        commit(&one, inserting(user)).await;
    }
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let store = if number % 2 == 0 { one.clone() } else { other.clone() };
            let mut ids = users.clone().map(|user| user.id);
            if number % 3 == 0 {
                ids.reverse();
            }
            tokio::spawn(async move { while !raise_versions(&store, ids).await {} })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for user in users {
        let stored = one.find_user(FindUser { key: UserKey::Id(user.id) }).await.unwrap().unwrap();
        assert_eq!(stored.version.get(), 60);
    }
    one.close().await;
    other.close().await;
}

/// Reads and writes both users, guarded by both; false if somebody else came first.
async fn raise_versions(store: &MySqlStore, ids: [testudo::model::UserId; 2]) -> bool {
    let mut batch = Commit::default();
    for id in ids {
        let stored = store.find_user(FindUser { key: UserKey::Id(id) }).await.unwrap().unwrap();
        batch.guards.push(Guard::UserEpoch { id, epoch: stored.epoch });
        batch.writes.push(replacing(&stored));
    }
    store.commit(batch).await.unwrap().is_ok()
}
