//! Sweeping, and what it must not hold up.

use testudo::command::Swept;
use testudo::model::{AttemptKey, User};
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
    for removed in [1, 0] {
        let swept = store.sweep(sweeping::all(NOW, 10)).await.unwrap();
        assert_eq!(swept, Swept { attempts: removed, ..Swept::default() });
    }
}

/// Accounts that somebody has locked are passed over, and not looked at again and again until they are free.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_waits_for_nobody_who_has_accounts_locked() {
    let (_database, store) = scratch().await;
    let ada = User { closes_at: Some(NOW), ..user("ada@example.com") };
    commit(&store, inserting(&ada)).await;
    let mut connection = store.database.apart().await;
    let mut holder = sqlx::Connection::begin(&mut connection).await.unwrap();
    sqlx::raw_sql("SELECT 1 FROM users FOR UPDATE").execute(&mut *holder).await.unwrap();
    let sweep = store.sweep(sweeping::all(NOW, 1));
    let swept = tokio::time::timeout(std::time::Duration::from_secs(30), sweep).await;
    assert_eq!(swept.expect("it ends").unwrap(), Swept::default());
    holder.rollback().await.unwrap();
    let swept = store.sweep(sweeping::all(NOW, 1)).await.unwrap();
    assert_eq!(swept, Swept { accounts: 1, ..Swept::default() });
}
