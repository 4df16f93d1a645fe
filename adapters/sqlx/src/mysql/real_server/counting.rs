//! Counters.

use tokio::runtime::Runtime;

use crate::laws::counting;
use crate::mysql::MySqlStore;
use crate::mysql::fixtures::scratch;

#[test]
fn counting_refunding_and_clearing_do_what_the_reference_does() {
    let runtime = Runtime::new().unwrap();
    let (_database, store) = runtime.block_on(scratch());
    counting::counting_refunding_and_clearing_do_what_the_reference_does(&runtime, &store);
    runtime.block_on(store.close());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_together_allow_no_more_than_the_limit() {
    let (database, one) = scratch().await;
    let other = MySqlStore::open(database.url()).await.unwrap();
    counting::two_nodes_together_allow_no_more_than_the_limit([one.clone(), other.clone()]).await;
    one.close().await;
    other.close().await;
}
