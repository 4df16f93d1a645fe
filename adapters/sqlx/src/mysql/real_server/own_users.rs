//! Users in a table of the application's own, whose columns compare as the application likes.

use serde_json::json;
use testudo::command::{FindUser, UserKey, Write};
use testudo::model::User;
use testudo_driver::Store;
use testudo_test_servers::Database;

use crate::mysql::fixtures::{commit, inserting, raw, scratch, session, user};
use crate::mysql::{MySqlOptions, MySqlStore, OpenError};
use crate::{FieldType, Naming, UserTable};

const PEOPLE: &str = "CREATE TABLE people (
    id BINARY(16) NOT NULL PRIMARY KEY,
    mail VARCHAR(254) NOT NULL,
    mail_key VARCHAR(254) NOT NULL UNIQUE,
    password TEXT NOT NULL, is_active BOOLEAN NOT NULL, is_verified BOOLEAN NOT NULL,
    last_login BIGINT, joined_at BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
    profile LONGTEXT NOT NULL, epoch BIGINT NOT NULL, must_change_password BOOLEAN NOT NULL,
    reset_serial BIGINT NOT NULL, previous_email TEXT, previous_email_key VARCHAR(254),
    previous_email_until BIGINT, closes_at BIGINT, totp_sealed BLOB, totp_last_step BIGINT,
    totp_enrolled_at BIGINT, recovery_codes BLOB, terms_version TEXT, terms_accepted_at BIGINT,
    version BIGINT NOT NULL, nick VARCHAR(40), points BIGINT,
    shop_since DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";

fn naming() -> Naming {
    let people = UserTable::new("people")
        .and_then(|table| table.column("email", "mail"))
        .and_then(|table| table.column("email_key", "mail_key"))
        .and_then(|table| table.field("nickname", "nick", FieldType::Text))
        .and_then(|table| table.field("points", "points", FieldType::Integer));
    Naming::new().with_prefix("auth_").unwrap().with_user_table(people.unwrap())
}

async fn open(database: &Database) -> Result<MySqlStore, OpenError> {
    MySqlStore::open_with(MySqlOptions::parse(database.url())?.with_naming(naming())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_where_the_application_has_them_and_are_not_taken_for_each_other() {
    let (database, other) = scratch().await;
    raw(&other, PEOPLE).await;
    let store = open(&database).await.unwrap();
    let profile = json!({ "nickname": "Countess", "points": 7, "more": [1.5] });
    let ada = User { profile: profile.as_object().unwrap().clone(), ..user("ada@example.com") };
    let mut batch = inserting(&ada);
    batch.writes.push(Write::InsertSession(Box::new(session(&ada))));
    commit(&store, batch).await;

    let find = async |email: &str| {
        let key = UserKey::Email(user(email).email.key().clone());
        store.find_user(FindUser { key }).await.unwrap()
    };
    assert_eq!(find("ada@example.com").await, Some(ada.clone()));
    for lookalike in ["Ada@example.com", "ad\u{e0}@example.com", "ada@example.com "] {
        assert_eq!(find(lookalike).await, None, "{lookalike:?}");
    }
    let query = "SELECT points FROM people WHERE nick = 'Countess'";
    let points: i64 = sqlx::query_scalar(query).fetch_one(&store.database.pool).await.unwrap();
    assert_eq!(points, 7);
    let batch = testudo::command::Commit {
        writes: vec![Write::RemoveUser { id: ada.id, was: ada.version }],
        ..Default::default()
    };
    commit(&store, batch).await;
    let left = "SELECT (SELECT COUNT(*) FROM people) + (SELECT COUNT(*) FROM auth_sessions)";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&store.database.pool).await.unwrap();
    assert_eq!(left, 0);
    store.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_cannot_hold_users_is_refused_with_all_that_is_wrong() {
    let (database, other) = scratch().await;
    let spoilt = PEOPLE
        .replace("mail_key VARCHAR(254) NOT NULL UNIQUE", "mail_key VARCHAR(254) NOT NULL")
        .replace("id BINARY(16)", "id BINARY(20)")
        .replace("epoch BIGINT", "epoch INT")
        .replace("closes_at BIGINT", "closes_at BIGINT NOT NULL")
        .replace("totp_sealed BLOB,", "")
        .replace("password TEXT", "password CHAR(100)")
        .replace("NOT NULL DEFAULT CURRENT_TIMESTAMP", "NOT NULL");
    raw(&other, spoilt).await;
    let Err(OpenError::UserTable(error)) = open(&database).await else { panic!("accepted") };
    for column in ["mail_key", "id ", "epoch", "closes_at", "totp_sealed", "password", "shop_since"]
    {
        let named = error.problems.iter().filter(|problem| format!("{problem} ").contains(column));
        assert_eq!(named.count(), 1, "{column}: {:?}", error.problems);
    }
    assert_eq!(error.problems.len(), 7, "{:?}", error.problems);
    other.close().await;
}
