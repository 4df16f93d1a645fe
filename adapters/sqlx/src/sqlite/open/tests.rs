use testudo::command::{FindUser, UserKey};
use testudo_driver::Store;

use super::super::fault::code;
use super::super::fixtures::{commit, inserting, scratch, trail, user};
use super::super::open_error::database_code;
use super::*;

async fn refusal(path: impl AsRef<Path>) -> OpenError {
    let error = SqliteStore::open(path).await.unwrap_err();
    assert!(!error.to_string().contains('\n'), "more than one line: {error}");
    error
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_opened_again_has_all_its_records() {
    let (directory, store) = scratch().await;
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    store.close().await;
    assert!(!directory.path().join("records.db-wal").exists(), "the log was left behind");

    let store = SqliteStore::open(directory.path().join("records.db")).await.unwrap();
    let found = store.find_user(FindUser { key: UserKey::Id(ada.id) }).await.unwrap();
    assert_eq!(found, Some(ada));
    assert_eq!(trail(&store).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_stop_without_a_close() {
    let (directory, store) = scratch().await;
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    // As after `kill -9`: the file and its log as they are at this moment.
    let copy = tempfile::tempdir().unwrap();
    for name in ["records.db", "records.db-wal"] {
        fs::copy(directory.path().join(name), copy.path().join(name)).unwrap();
    }
    let store = SqliteStore::open(copy.path().join("records.db")).await.unwrap();
    let found = store.find_user(FindUser { key: UserKey::Id(ada.id) }).await.unwrap();
    assert_eq!(found, Some(ada));
}

/// As `sqlite3 records.db < script` does.
async fn carry_out(path: &Path, pending: &[PendingMigration]) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut file = SqliteConnection::connect_with(&options).await.unwrap();
    for migration in pending {
        let script = sqlx::AssertSqlSafe(migration.sql.clone());
        sqlx::raw_sql(script).execute(&mut file).await.unwrap();
    }
    file.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_that_were_carried_out_by_hand_are_known_and_the_others_follow() {
    for (naming, by_hand) in [
        (Naming::new(), 7),
        (Naming::new(), 3),
        (Naming::new().with_prefix("shop_").unwrap(), 7),
        (Naming::new().with_prefix("shop_").unwrap(), 6),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("records.db");
        let pending =
            async || SqliteStore::pending_migrations(&path, naming.clone()).await.unwrap();
        let all = pending().await;
        assert_eq!(all.len(), 7);
        carry_out(&path, &all[..by_hand]).await;
        assert_eq!(pending().await, &all[by_hand..]);
        let store = SqliteStore::open_with(&path, naming.clone()).await.unwrap();
        commit(&store, inserting(&user("ada@example.com"))).await;
        store.close().await;
        assert_eq!(pending().await, []);
        let store = SqliteStore::open_with(&path, naming.clone()).await.unwrap();
        assert_eq!(trail(&store).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_may_make_the_same_file_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records.db");
    let openers: Vec<_> = (0..20)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { SqliteStore::open(path).await })
        })
        .collect();
    for opener in openers {
        let store = opener.await.unwrap().unwrap();
        store.ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_another_process_is_just_making_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("records.db");
    make_file(&path).unwrap();
    let other = pool(1).connect_with(options(&path).unwrap()).await.unwrap();
    let mut making = other.begin_with(BEGIN).await.unwrap();
    sqlx::query("CREATE TABLE t (c)").execute(&mut *making).await.unwrap();

    let opening = tokio::spawn(async move { SqliteStore::open(path).await.map(drop) });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!opening.is_finished(), "it did not wait");
    making.rollback().await.unwrap();
    opening.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_waits_for_the_disk_before_it_acknowledges_and_heeds_references() {
    let (_directory, store) = scratch().await;
    let pragma = async |name: &'static str| -> String {
        let row = sqlx::query(name).fetch_one(&store.writer).await.unwrap();
        sqlx::Row::try_get_unchecked(&row, 0).unwrap()
    };
    assert_eq!(pragma("PRAGMA journal_mode").await, "wal");
    assert_eq!(pragma("PRAGMA synchronous").await, "2", "2 is FULL");
    assert_eq!(pragma("PRAGMA foreign_keys").await, "1");
    assert_eq!(pragma("PRAGMA busy_timeout").await, "5000");
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_cannot_write() {
    let (_directory, store) = scratch().await;
    let error = sqlx::query("DELETE FROM users").execute(&store.readers).await.unwrap_err();
    assert_eq!(database_code(&error), Some(code::READONLY), "{error}");
    assert!(matches!(diagnose(Path::new("x"), error), OpenError::NotWritable(_)));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_and_its_log_are_readable_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (directory, _store) = scratch().await;
    let mut names = Vec::new();
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["records.db", "records.db-shm", "records.db-wal"]);
}

#[test]
fn no_name_of_a_file_means_something_else_to_sqlite() {
    for name in ["file:records.db?mode=memory", ":memory:"] {
        let options = options(Path::new(name)).unwrap();
        assert!(options.get_filename().is_absolute(), "{name}");
        assert!(options.get_filename().ends_with(name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_a_path_and_never_a_url() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a?mode=memory#b%20c.db");
    let store = SqliteStore::open(&path).await.unwrap();
    commit(&store, inserting(&user("ada@example.com"))).await;
    store.close().await;
    assert!(fs::metadata(path).unwrap().len() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let error = refusal(missing.join("records.db")).await;
    assert!(matches!(&error, OpenError::NoDirectory(path) if *path == missing), "{error}");

    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = refusal(file.join("records.db")).await;
    assert!(matches!(&error, OpenError::NoDirectory(path) if *path == file), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let error = refusal(directory.path()).await;
    assert!(matches!(error, OpenError::IsADirectory(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_something_else_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("letter.txt");
    for length in [20, 600, 100_000] {
        let letter = "Dear Ada, ".repeat(length / 10);
        fs::write(&path, &letter).unwrap();
        let error = refusal(&path).await;
        assert!(matches!(error, OpenError::NotADatabase(_)), "{length}: {error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), letter);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_a_newer_version_is_refused() {
    let (directory, store) = scratch().await;
    let newer = "INSERT INTO _testudo_migrations VALUES (9999, 'later', 0, TRUE, x'00', 0)";
    sqlx::query(newer).execute(&store.writer).await.unwrap();
    let error = refusal(directory.path().join("records.db")).await;
    assert!(matches!(error, OpenError::Newer(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_program_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shop.db");
    make_file(&path).unwrap();
    let shop = connect(&path, Naming::new()).await.unwrap();
    sqlx::query("CREATE TABLE users (name TEXT)").execute(&shop.writer).await.unwrap();
    let error = refusal(&path).await;
    assert!(matches!(error, OpenError::OtherTables { .. }), "{error}");
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = sqlx::query_scalar(count).fetch_one(&shop.writer).await.unwrap();
    assert_eq!(tables, 1, "a migration that failed was applied in part");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_somebody_else_holds_is_busy() {
    let (directory, store) = scratch().await;
    let _held = store.writer.begin_with(BEGIN).await.unwrap();
    let error = refusal(directory.path().join("records.db")).await;
    assert!(matches!(error, OpenError::Busy(_)), "{error}");
}
