//! Sweeping, and what it must not hold up.

use testudo::command::{Sweep, Swept};
use testudo::model::AttemptKey;
use testudo::{Duration, Timestamp};
use testudo_driver::Store;

use super::{run, scratch};
use crate::laws::fixtures::{NOW, commit, inserting, user};
use crate::laws::sweeping;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_removed_holds_up_no_other() {
    let (_database, store) = scratch().await;
    run(&store, "CREATE TABLE orders (buyer UUID REFERENCES users (id))").await;
    sweeping::an_account_that_cannot_be_removed_holds_up_no_other(&store, async |user| {
        run(&store, &format!("INSERT INTO orders VALUES ('{}')", user.id)).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_counters_go_as_may_however_many_there_are() {
    let (_database, store) = scratch().await;
    let fill = "INSERT INTO attempts (key, count, window_end, consecutive) \
        SELECT number::text::bytea, 1, number / 3, 1 FROM generate_series(1, 12000) AS number";
    run(&store, fill).await;
    sweeping::as_many_counters_go_as_may_however_many_there_are(&store).await;
}

/// Counters of accounts stay, as many as there are accounts, and are the oldest ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_counter_behind_very_many_that_stay_goes() {
    let (_database, store) = scratch().await;
    commit(&store, inserting(&user("ada@example.com"))).await;
    let fill = format!(
        "SET statement_timeout = 0; \
         INSERT INTO users SELECT (jsonb_populate_record(users, jsonb_build_object( \
                'id', gen_random_uuid(), 'email_key', 'user-' || number || '@example.com'))).* \
            FROM users, generate_series(1, 11000) AS number; \
         INSERT INTO attempts (key, count, window_end, consecutive) \
            SELECT ('{}' || email_key)::bytea, 1, row_number() OVER (), 1 \
            FROM users WHERE email_key LIKE 'user-%'; \
         INSERT INTO attempts (key, count, window_end, consecutive) VALUES ('nobody', 1, 20000, 1)",
        AttemptKey::OF_ACCOUNTS[0],
    );
    run(&store, &fill).await;
    let nothing = Timestamp::from_millis(0);
    let command = Sweep {
        sessions_expired_by: nothing,
        attempts_idle_since: NOW + Duration::from_days(1),
        accounts_closed_by: nothing,
        links_expired_by: nothing,
        events_kept_since: nothing,
        dead_letters_buried_by: nothing,
        limit: 10,
    };
    for removed in [1, 0] {
        let swept = store.sweep(command).await.unwrap();
        assert_eq!(swept, Swept { attempts: removed, ..Swept::default() });
    }
}
