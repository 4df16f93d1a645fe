//! A store says whether it answers.

use crate::Store;

pub async fn a_store_that_works_says_so<S: Store>(store: S) {
    store.ping().await.expect("ping must not fail");
}
