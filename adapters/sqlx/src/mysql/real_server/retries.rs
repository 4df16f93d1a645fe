//! Deadlocks and waits in vain, which a trigger makes up as often as it is told to.

use crate::laws::batches::{Shape, any_other, refresh};
use crate::laws::retries::{
    Refusing, a_batch_is_tried_again_a_bounded_number_of_times,
    an_attempt_is_tried_again_a_bounded_number_of_times,
};
use crate::mysql::MySqlStore;
use crate::mysql::fault::code;
use crate::mysql::fixtures::{number, raw, scratch};

/// For each error, how often something is tried: who waited in vain for a lock has waited for long.
const TRIES: [(u16, i64); 3] =
    [(code::DEADLOCK, 11), (code::CHANGED_SINCE_READ, 11), (code::LOCK_WAIT_TIMEOUT, 3)];

/// It refuses by an error in a trigger. What it counts in is not rolled back.
struct Trigger<'a>(&'a MySqlStore);

impl<'a> Trigger<'a> {
    async fn signalling(store: &'a MySqlStore, number: u16, when: &str) -> Self {
        raw(
            store,
            format!(
                "CREATE TABLE refusals (tries BIGINT, times BIGINT) ENGINE = MyISAM \
                     SELECT 0 AS tries, 0 AS times; \
                 CREATE TRIGGER refuse {when} FOR EACH ROW BEGIN \
                     UPDATE refusals SET tries = tries + 1; \
                     IF (SELECT tries <= times FROM refusals) THEN \
                         SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = {number}; \
                     END IF; \
                 END"
            ),
        )
        .await;
        Self(store)
    }
}

impl Refusing for Trigger<'_> {
    async fn refuse(&self, times: i64) {
        raw(self.0, format!("UPDATE refusals SET tries = 0, times = {times}")).await;
    }

    async fn tries(&self) -> i64 {
        number(self.0, "SELECT tries FROM refusals").await
    }
}

async fn is_tried_again(when: &str, shape: Shape) {
    for (error, tries) in TRIES {
        let (_database, store) = scratch().await;
        let server = Trigger::signalling(&store, error, when).await;
        a_batch_is_tried_again_a_bounded_number_of_times(&store, &server, shape, tries).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_tried_again_a_bounded_number_of_times() {
    is_tried_again("BEFORE UPDATE ON sessions", refresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_batch_is_tried_again_a_bounded_number_of_times() {
    is_tried_again("BEFORE INSERT ON events", any_other).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_tried_again_a_bounded_number_of_times_too() {
    for (error, tries) in TRIES {
        let (_database, store) = scratch().await;
        let server = Trigger::signalling(&store, error, "BEFORE INSERT ON attempts").await;
        an_attempt_is_tried_again_a_bounded_number_of_times(&store, &server, tries).await;
        store.close().await;
    }
}
