//! Users in a table of the application's own, whose columns compare as the application likes.

use testudo::command::{FindUser, UserKey};
use testudo_driver::Store;
use testudo_test_servers::Database;

use crate::Naming;
use crate::laws::own_users;
use crate::mysql::fixtures::{commit, inserting, number, raw, scratch, user};
use crate::mysql::{MySqlOptions, MySqlStore, OpenError};

/// The law's table as this database makes it, with texts that compare regardless of case and accents.
fn people() -> String {
    let people = own_users::PEOPLE
        .replace("{uuid}", "BINARY(16)")
        .replace("{bool}", "BOOLEAN")
        .replace("{bytes}", "BLOB")
        .replace("{key}", "VARCHAR(254)");
    format!("{people} DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
}

fn naming() -> Naming {
    own_users::naming().with_prefix("auth_").unwrap()
}

async fn open(database: &Database) -> Result<MySqlStore, OpenError> {
    MySqlStore::open_with(MySqlOptions::parse(database.url())?.with_naming(naming())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_the_profile_are_columns() {
    let (database, other) = scratch().await;
    raw(&other, people()).await;
    let store = open(&database).await.unwrap();
    own_users::fields_of_the_profile_are_columns(&store).await;
    assert_eq!(number(&store, "SELECT COUNT(*) FROM people WHERE nick = 'Countess'").await, 1);
    store.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_swept_and_addresses_are_unique() {
    let (database, other) = scratch().await;
    let numbered = people().replace(
        "person BINARY(16) NOT NULL PRIMARY KEY",
        "number BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, person BINARY(16) NOT NULL UNIQUE",
    );
    raw(&other, numbered).await;
    let store = open(&database).await.unwrap();
    own_users::accounts_are_swept_and_addresses_are_unique(&store).await;
    assert_eq!(number(&store, "SELECT COUNT(*) FROM auth_sessions").await, 0);
    store.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_not_taken_for_each_other_whatever_the_collation() {
    let (database, other) = scratch().await;
    raw(&other, people()).await;
    let store = open(&database).await.unwrap();
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    let find = async |email: &str| {
        let key = UserKey::Email(user(email).email.key().clone());
        store.find_user(FindUser { key }).await.unwrap()
    };
    assert_eq!(find("ada@example.com").await, Some(ada.clone()));
    for lookalike in ["Ada@example.com", "ad\u{e0}@example.com", "ada@example.com "] {
        assert_eq!(find(lookalike).await, None, "{lookalike:?}");
    }
    store.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_hold_users_is_refused_with_all_that_is_wrong() {
    let (database, other) = scratch().await;
    let spoilt = people()
        .replace("mail_key VARCHAR(254) NOT NULL UNIQUE", "mail_key VARCHAR(254) NOT NULL")
        .replace("person BINARY(16)", "person BINARY(20)")
        .replace("epoch BIGINT", "epoch INT")
        .replace("closes_at BIGINT", "closes_at BIGINT NOT NULL")
        .replace("totp_sealed BLOB,", "")
        .replace("password TEXT", "password CHAR(100)")
        .replace("visits BIGINT NOT NULL DEFAULT 0", "visits BIGINT NOT NULL");
    raw(&other, spoilt).await;
    let Err(OpenError::UserTable(error)) = open(&database).await else { panic!("accepted") };
    for column in ["mail_key", "person", "epoch", "closes_at", "totp_sealed", "password", "visits"]
    {
        let named = error.problems.iter().filter(|problem| problem.contains(column));
        assert_eq!(named.count(), 1, "{column}: {:?}", error.problems);
    }
    assert_eq!(error.problems.len(), 7, "{:?}", error.problems);
    other.close().await;
}
