//! A connection that ends before all of an answer has come.

use testudo_test_servers::Database;

use crate::laws::batches;
use crate::laws::fixtures::{behind_proxy, session, user};
use crate::laws::lost_answers::{
    Scene, a_batch_was_applied_once_or_not_at_all, attempts_are_counted_once_or_not_at_all,
};
use crate::mysql::fixtures::scratch;
use crate::mysql::{MySqlOptions, MySqlStore};
use crate::sql::refresh::Refresh;

async fn scene() -> (Database, Scene<MySqlStore>) {
    let (database, others) = scratch().await;
    let (proxy, url) = behind_proxy(database.url());
    let options = MySqlOptions::parse(&url).unwrap().with_connections(1);
    let store = MySqlStore::open_with(options).await.unwrap();
    (database, Scene { proxy, store, others })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_was_applied_once_or_not_at_all() {
    let ada = user("ada@example.com");
    let batch = batches::refresh(&ada, &session(&ada));
    assert!(Refresh::of(&batch).is_some());
    let (_database, scene) = scene().await;
    a_batch_was_applied_once_or_not_at_all(&scene, batches::refresh, false).await;
    close(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_batch_was_applied_once_or_not_at_all() {
    let ada = user("ada@example.com");
    let batch = batches::any_other(&ada, &session(&ada));
    assert!(Refresh::of(&batch).is_none());
    let (_database, scene) = scene().await;
    a_batch_was_applied_once_or_not_at_all(&scene, batches::any_other, true).await;
    close(scene).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_was_counted_once_or_not_at_all() {
    for already in [0, 1] {
        let (_database, scene) = scene().await;
        attempts_are_counted_once_or_not_at_all(&scene, already, true).await;
        close(scene).await;
    }
}

/// As the database is removed when it goes out of scope.
async fn close(scene: Scene<MySqlStore>) {
    scene.store.close().await;
    scene.others.close().await;
}
