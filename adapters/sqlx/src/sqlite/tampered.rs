//! What comes back: what went in, or a fault that names the place.

use testudo::command::{FindUser, UserKey};
use testudo::model::User;
use testudo_driver::Store;

use super::fixtures::{self, commit, inserting, scratch, user};
use crate::laws::records;

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value() {
    for tampered in records::TAMPERED {
        let (_directory, store) = scratch().await;
        let run = async |statement: String| {
            let statement = format!("PRAGMA ignore_check_constraints = ON; {statement}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&store.writer).await.unwrap();
        };
        records::a_value_that_cannot_be_read_is_a_fault_that_names_its_column_and_not_the_value(
            &store, tampered, run,
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_back_as_they_went_in() {
    let (_directory, store) = scratch().await;
    records::records_come_back_as_they_went_in(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_compared_byte_for_byte() {
    let (_directory, store) = scratch().await;
    let addresses = [
        "ada@example.com",
        "Ada@example.com",
        "ada@example.com ",
        "ada@example.com\0",
        "ada@example.com\0a",
        "ada@example.com\0b",
        "caf\u{e9}@example.com",
        "cafe\u{301}@example.com",
        "",
        "\0",
    ];
    let users: Vec<User> = addresses.iter().map(|address| user(address)).collect();
    for user in &users {
        let key = UserKey::Email(user.email.key().clone());
        assert_eq!(store.find_user(FindUser { key }).await.unwrap(), None);
        commit(&store, inserting(user)).await;
    }
    for user in &users {
        let key = UserKey::Email(user.email.key().clone());
        assert_eq!(store.find_user(FindUser { key }).await.unwrap().as_ref(), Some(user));
        let again = inserting(&fixtures::user(user.email.key().as_str()));
        assert!(store.commit(again).await.unwrap().is_err(), "{:?} was free", user.email);
    }
}
