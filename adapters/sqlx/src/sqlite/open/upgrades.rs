//! Files that an earlier version made.

use testudo::command::{Commit, FindOnboarding, FindUser, UserKey, Write};
use testudo::model::{
    AcceptedTerms, Digest, EmailKey, Epoch, OnboardingSession, TotpFactor, User, Version,
};
use testudo::{Duration, Timestamp};
use testudo_driver::Store;

use super::super::fixtures::{NOW, commit, onboarding, trail, user};
use super::*;

/// In the columns that users have had since the first version.
const ADA: &str = "INSERT INTO users (id, email, email_key, password, is_active, is_verified, \
    last_login, joined_at, created_at, updated_at, profile, epoch, version) \
    VALUES (x'0192f0c1a2b37c4d8e9f0a1b2c3d4e5f', 'ada@example.com', 'ada@example.com', '!none', \
    1, 1, 7, 1, 2, 3, '{\"name\":\"Ada\"}', 4, 5)";

/// Makes a file as the version of the library did that knew the migrations up to this one.
async fn make_file_of(path: &Path, version: i64) {
    make_file(path).unwrap();
    let store = connect(path, Naming::new()).await.unwrap();
    let mut transaction = store.writer.begin_with(BEGIN).await.unwrap();
    transaction.ensure_migrations_table(migrations::TABLE).await.unwrap();
    for migration in MIGRATIONS.iter().filter(|it| it.version <= version) {
        transaction.apply(migrations::TABLE, migration).await.unwrap();
    }
    transaction.commit().await.unwrap();
    sqlx::query(ADA).execute(&store.writer).await.unwrap();
    store.close().await;
}

fn ada() -> User {
    let moment = Timestamp::from_millis;
    let serde_json::Value::Object(profile) = serde_json::json!({"name": "Ada"}) else { panic!() };
    User {
        id: "0192f0c1-a2b3-7c4d-8e9f-0a1b2c3d4e5f".parse().unwrap(),
        is_verified: true,
        last_login: Some(moment(7)),
        joined_at: moment(1),
        created_at: moment(2),
        updated_at: moment(3),
        profile,
        epoch: Epoch::new(4),
        version: Version::new(5),
        ..user("ada@example.com")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_any_earlier_version_is_brought_up_to_date_and_keeps_its_accounts() {
    let versions: Vec<_> = MIGRATIONS.iter().map(|it| it.version).collect();
    assert!(versions.len() >= 7, "{versions:?}");
    for version in versions {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("records.db");
        make_file_of(&path, version).await;
        let store = SqliteStore::open(&path).await.unwrap();
        for key in
            [UserKey::Id(ada().id), UserKey::Email(EmailKey::from_stored("ada@example.com".into()))]
        {
            let found = store.find_user(FindUser { key }).await.unwrap();
            assert_eq!(found, Some(ada()), "version {version}");
        }
        assert!(trail(&store).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_before_second_factors_has_none_and_can_be_given_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records.db");
    make_file_of(&path, 5).await;
    let store = SqliteStore::open(&path).await.unwrap();
    let before = ada();
    assert_eq!((&before.totp, before.recovery_codes.len(), &before.terms), (&None, 0, &None));
    let equipped = User {
        totp: Some(TotpFactor { sealed_seed: vec![7; 61], last_step: 9, enrolled_at: NOW }),
        recovery_codes: vec![Digest::of(b"one"), Digest::of(b"two")],
        terms: Some(AcceptedTerms { version: "2026-11".into(), at: NOW }),
        version: before.version.next(),
        ..before.clone()
    };
    let begun = OnboardingSession { expires_at: NOW + Duration::from_minutes(60), ..onboarding() };
    let writes = vec![
        Write::ReplaceUser { user: Box::new(equipped.clone()), was: before.version },
        Write::InsertOnboarding(Box::new(begun.clone())),
    ];
    commit(&store, Commit { writes, ..Commit::default() }).await;
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    let found = store.find_user(FindUser { key: UserKey::Id(before.id) }).await.unwrap();
    assert_eq!(found, Some(equipped));
    let found = store.find_onboarding(FindOnboarding { id: begun.id }).await.unwrap();
    assert_eq!(found, Some(begun));
}

/// The recipe of a user table of one's own has such a table.
#[tokio::test(flavor = "multi_thread")]
async fn tables_of_the_application_that_refer_to_ours_keep_their_rows_and_their_references() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records.db");
    make_file_of(&path, 6).await;
    let app = SqlitePool::connect_with(options(&path).unwrap()).await.unwrap();
    let tables = "INSERT INTO sessions SELECT id, id, 1, '[]', 1, NULL, NULL, 1, 1, 1, 1, 1, 1, \
            zeroblob(8), zeroblob(32), zeroblob(32), '{}', NULL, NULL, 1 FROM users; \
        CREATE TABLE members (user_id BLOB REFERENCES users (id) ON DELETE CASCADE); \
        CREATE TABLE devices (session_id BLOB REFERENCES sessions (id) ON DELETE CASCADE); \
        INSERT INTO members SELECT id FROM users; INSERT INTO devices SELECT id FROM sessions;";
    sqlx::raw_sql(tables).execute(&app).await.unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    let count = async || -> i64 {
        let count = "SELECT (SELECT count(*) FROM members) * 10 + (SELECT count(*) FROM devices)";
        sqlx::query_scalar(count).fetch_one(&app).await.unwrap()
    };
    assert_eq!(count().await, 11);
    let remove = Write::RemoveUser { id: ada().id, was: ada().version };
    commit(&store, Commit { writes: vec![remove], ..Commit::default() }).await;
    assert_eq!(count().await, 0);
}
