//! Serialisation failures and deadlocks, which a trigger makes up as often as it is told to.

use testudo_driver::{FaultKind, Store};

use super::super::PostgresStore;
use super::{run, scratch};
use crate::laws::batches::{Case, Shape, any_other, refresh, sign_in};
use crate::laws::retries::{
    Refusing, a_batch_is_tried_again_a_bounded_number_of_times,
    an_attempt_is_tried_again_a_bounded_number_of_times,
};

/// The first time, and ten more.
const TRIES: i64 = 11;

/// It refuses by raising an SQLSTATE in a trigger. What it counts in is not rolled back.
struct Trigger<'a>(&'a PostgresStore);

impl<'a> Trigger<'a> {
    async fn raising(store: &'a PostgresStore, code: &str, when: &str) -> Self {
        run(
            store,
            &format!(
                "CREATE SEQUENCE tries; CREATE TABLE refusals AS SELECT 0::bigint AS times; \
                 CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                     IF nextval('tries') <= (SELECT times FROM refusals) THEN \
                         RAISE EXCEPTION 'in the way' USING ERRCODE = '{code}'; \
                     END IF; \
                     RETURN NEW; \
                 END $$; \
                 CREATE {when} FOR EACH ROW EXECUTE FUNCTION refuse()"
            ),
        )
        .await;
        Self(store)
    }
}

impl Refusing for Trigger<'_> {
    async fn refuse(&self, times: i64) {
        let statements =
            format!("ALTER SEQUENCE tries RESTART; UPDATE refusals SET times = {times}");
        run(self.0, &statements).await;
    }

    async fn tries(&self) -> i64 {
        let tries = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries";
        sqlx::query_scalar(tries).fetch_one(&mut self.0.database.apart().await).await.unwrap()
    }
}

const EVENT: &str = "TRIGGER refuse BEFORE INSERT ON events";

async fn is_tried_again(code: &str, when: &str, shape: Shape) {
    let (_database, store) = scratch().await;
    let server = Trigger::raising(&store, code, when).await;
    a_batch_is_tried_again_a_bounded_number_of_times(&store, &server, shape, TRIES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_tried_again_a_bounded_number_of_times() {
    is_tried_again("40001", EVENT, sign_in).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_is_tried_again_a_bounded_number_of_times() {
    is_tried_again("40P01", "TRIGGER refuse BEFORE UPDATE ON sessions", refresh).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_batch_is_tried_again_a_bounded_number_of_times() {
    is_tried_again("40P01", EVENT, any_other).await;
}

/// As under SERIALIZABLE, and as what is distributed does.
#[tokio::test(flavor = "multi_thread")]
async fn what_fails_when_it_is_committed_is_tried_again_too() {
    let last = "CONSTRAINT TRIGGER refuse AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED";
    for shape in [sign_in as Shape, any_other] {
        is_tried_again("40001", last, shape).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_tried_again_a_bounded_number_of_times_too() {
    let (_database, store) = scratch().await;
    let attempts = "TRIGGER refuse BEFORE INSERT ON attempts";
    let server = Trigger::raising(&store, "40001", attempts).await;
    an_attempt_is_tried_again_a_bounded_number_of_times(&store, &server, TRIES).await;
}

/// Who waited in vain for a lock, or was too slow, has waited for long.
#[tokio::test(flavor = "multi_thread")]
async fn what_took_too_long_is_not_tried_again() {
    for code in ["55P03", "57014"] {
        let (_database, store) = scratch().await;
        let server = Trigger::raising(&store, code, EVENT).await;
        for (address, shape) in
            [("ada@example.com", sign_in as Shape), ("bob@example.com", any_other)]
        {
            let case = Case::begin(&store, address, shape).await;
            server.refuse(i64::MAX).await;
            let fault = store.commit(case.batch.clone()).await.unwrap_err();
            assert_eq!((fault.kind(), server.tries().await), (FaultKind::Unavailable, 1), "{code}");
            server.refuse(0).await;
            assert_eq!(case.seen(&store).await, case.undone);
        }
    }
}
