//! A connection that ends before all of an answer has come.

use testudo_test_servers::Database;

use super::super::PostgresStore;
use super::super::commit::Shape;
use super::scratch;
use crate::laws::batches;
use crate::laws::fixtures::{behind_proxy, session, user};
use crate::laws::lost_answers::{
    Scene, a_batch_was_applied_once_or_not_at_all, attempts_are_counted_once_or_not_at_all,
};
use crate::postgres::PostgresOptions;

async fn scene() -> (Database, Scene<PostgresStore>) {
    let (database, others) = scratch().await;
    let (proxy, url) = behind_proxy(database.url());
    let options = PostgresOptions::parse(&url).unwrap().with_connections(1);
    let store = PostgresStore::open_with(options).await.unwrap();
    (database, Scene { proxy, store, others })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_was_applied_once_or_not_at_all() {
    let ada = user("ada@example.com");
    let batch = batches::sign_in(&ada, &session(&ada));
    assert!(matches!(Shape::of(&batch), Shape::SignIn(_)));
    let (_database, scene) = scene().await;
    a_batch_was_applied_once_or_not_at_all(&scene, batches::sign_in, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_was_applied_once_or_not_at_all() {
    let ada = user("ada@example.com");
    let batch = batches::refresh(&ada, &session(&ada));
    assert!(matches!(Shape::of(&batch), Shape::Refresh(_)));
    let (_database, scene) = scene().await;
    a_batch_was_applied_once_or_not_at_all(&scene, batches::refresh, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_batch_was_applied_once_or_not_at_all() {
    let ada = user("ada@example.com");
    let batch = batches::any_other(&ada, &session(&ada));
    assert!(matches!(Shape::of(&batch), Shape::Other));
    let (_database, scene) = scene().await;
    a_batch_was_applied_once_or_not_at_all(&scene, batches::any_other, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_was_counted_once_or_not_at_all() {
    for already in [0, 1] {
        let (_database, scene) = scene().await;
        attempts_are_counted_once_or_not_at_all(&scene, already, false).await;
    }
}
