//! What holds for all stores, here too.

use testudo::command::{FindUser, UserKey};
use testudo::model::EmailKey;
use testudo_driver::Store;

use super::{run, scratch};
use crate::laws::records;

#[tokio::test(flavor = "multi_thread")]
async fn records_come_back_as_they_went_in() {
    let (_database, store) = scratch().await;
    records::records_come_back_as_they_went_in(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value() {
    let (_database, store) = scratch().await;
    for (table, column, value) in records::TAMPERED {
        // A column of UUIDs holds nothing else.
        if column == "invited_by" {
            continue;
        }
        let all = "TRUNCATE users, sessions, invitations, api_keys, events, messages";
        run(&store, all).await;
        let bytes = value.strip_prefix("x'").map(|hex| format!("'\\x{hex}::bytea"));
        let value = bytes.as_deref().unwrap_or(value);
        records::a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value(
            &store,
            (table, column, value),
            async |statement| run(&store, &statement).await,
        )
        .await;
    }
}

/// It cannot hold one either.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_an_address_that_postgres_cannot_hold() {
    let (_database, store) = scratch().await;
    let key = UserKey::Email(EmailKey::from_stored("ada\0@example.com".into()));
    assert_eq!(store.find_user(FindUser { key }).await.unwrap(), None);
}
