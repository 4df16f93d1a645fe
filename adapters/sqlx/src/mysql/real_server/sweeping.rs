//! Sweeping, and what it must not hold up.

use crate::laws::sweeping;
use crate::mysql::fixtures::{raw, scratch};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_removed_holds_up_no_other() {
    let (_database, store) = scratch().await;
    raw(
        &store,
        "CREATE TABLE orders (buyer BINARY(16), FOREIGN KEY (buyer) REFERENCES users (id))",
    )
    .await;
    sweeping::an_account_that_cannot_be_removed_holds_up_no_other(&store, async |user| {
        raw(&store, format!("INSERT INTO orders VALUES (x'{}')", user.id.as_uuid().simple())).await;
    })
    .await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_counters_go_as_may_however_many_there_are() {
    let (_database, store) = scratch().await;
    let fill = "INSERT INTO attempts (`key`, `count`, window_end, consecutive) \
        WITH RECURSIVE numbers (number) AS \
            (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 12000) \
        SELECT number, 1, number DIV 3, 1 FROM numbers";
    raw(&store, format!("SET max_recursive_iterations = 20000; {fill}")).await;
    sweeping::as_many_counters_go_as_may_however_many_there_are(&store).await;
    store.close().await;
}
