//! What comes back: what went in, or a fault that names the place.

use testudo::command::{Commit, FindUser, UserKey};
use testudo::model::{Email, EmailKey, User};
use testudo_driver::{FaultKind, Store};

use crate::laws::records;
use crate::mysql::fixtures::{commit, event, inserting, raw, scratch, user};

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value() {
    // A value of these is always as long as it must be: the server fills it up.
    let is_any_length = |(_, column, _): &(_, &str, _)| {
        !matches!(*column, "chain_key" | "refresh_digest" | "digest" | "invited_by")
    };
    let more = [("users", "email_key", "x'c37031'"), ("users", "recovery_codes", "'7031'")];
    for tampered in records::TAMPERED.into_iter().filter(is_any_length).chain(more) {
        let (_database, store) = scratch().await;
        let run = async |statement: String| raw(&store, statement).await;
        records::a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value(
            &store, tampered, run,
        )
        .await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_back_as_they_went_in() {
    let (_database, store) = scratch().await;
    records::records_come_back_as_they_went_in(&store).await;
    store.close().await;
}

/// The server says them when it refuses a record.
#[tokio::test(flavor = "multi_thread")]
async fn no_fault_repeats_what_was_to_be_written() {
    let (_database, store) = scratch().await;
    let long = format!("{}@example.com", "7031".repeat(1000));
    let email = Email::from_stored(long.clone(), EmailKey::from_stored(long));
    let ada = User { email, ..user("ada@example.com") };
    let fault = store.commit(inserting(&ada)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Internal);
    assert!(!format!("{fault} {fault:?}").contains("7031"), "{fault:?}");

    // Nothing of it stays.
    let kept = UserKey::Id(ada.id);
    assert_eq!(store.find_user(FindUser { key: kept }).await.unwrap(), None);
    let batch = Commit { events: vec![event(&ada)], ..Default::default() };
    commit(&store, batch).await;
    store.close().await;
}
