//! Whether a table of the application's own can hold users.

use sqlx::{AssertSqlSafe, Error, Row, SqlitePool};

use crate::sql::{Described, Dialect, Kind, Naming, UserTable, UserTableError};

/// Looks at the table, if users are in one of the application's.
pub(super) async fn check(
    pool: &SqlitePool,
    naming: &Naming,
) -> Result<Result<(), UserTableError>, Error> {
    match naming.user_table() {
        Some(table) => Ok(table.check(&describe(pool, table).await?, Dialect::Sqlite)),
        None => Ok(Ok(())),
    }
}

async fn describe(pool: &SqlitePool, table: &UserTable) -> Result<Vec<Described>, Error> {
    let name = table.name();
    // The name is a plain word.
    let columns = format!(
        "SELECT name, upper(type) AS type, \"notnull\" OR pk > 0 AS is_required, dflt_value IS NOT NULL AS has_default, \
            pk = 1 AND (SELECT count(*) FROM pragma_table_info('{name}') WHERE pk > 0) = 1 \
            OR EXISTS (SELECT 1 FROM pragma_index_list('{name}') AS keys \
                WHERE keys.\"unique\" AND NOT keys.partial \
                    AND (SELECT group_concat(name) FROM pragma_index_info(keys.name)) = columns.name) \
            AS is_unique \
         FROM pragma_table_info('{name}') AS columns"
    );
    let rows = sqlx::query(AssertSqlSafe(columns)).fetch_all(pool).await?;
    rows.iter()
        .map(|row| {
            let named: String = row.try_get("type")?;
            Ok(Described {
                name: row.try_get("name")?,
                kind: kind(&named),
                named: named.to_lowercase(),
                is_nullable: !row.try_get::<bool, _>("is_required")?,
                has_default: row.try_get("has_default")?,
                is_unique: row.try_get("is_unique")?,
            })
        })
        .collect()
}

/// By the affinity that SQLite gives a column for the name of its type
/// (<https://www.sqlite.org/datatype3.html#determination_of_column_affinity>).
fn kind(named: &str) -> Option<Kind> {
    if named.contains("BOOL") {
        Some(Kind::Bool)
    } else if named.contains("INT") {
        Some(Kind::Int)
    } else if ["CHAR", "CLOB", "TEXT"].iter().any(|it| named.contains(it)) {
        Some(Kind::Text)
    } else if named.contains("BLOB") {
        Some(Kind::Bytes)
    } else if ["REAL", "FLOA", "DOUB"].iter().any(|it| named.contains(it)) {
        Some(Kind::Real)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::super::{OpenError, SqliteStore};
    use super::*;
    use crate::laws::fixtures::{commit, inserting, user};
    use crate::laws::own_users::{
        PEOPLE, accounts_are_swept_and_addresses_are_unique, fields_of_the_profile_are_columns,
        naming,
    };

    /// A file of an application with this table.
    async fn application(table: &str) -> (TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shop.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path);
        let pool = SqlitePool::connect_with(options.create_if_missing(true)).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(table.to_owned())).execute(&pool).await.unwrap();
        pool.close().await;
        (directory, path)
    }

    fn people() -> String {
        PEOPLE
            .replace("{uuid}", "BLOB")
            .replace("{bool}", "BOOLEAN")
            .replace("{bytes}", "BLOB")
            .replace("{key}", "TEXT")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fields_of_the_profile_may_have_columns() {
        let (_directory, path) = application(&people()).await;
        let store = SqliteStore::open_with(&path, naming()).await.unwrap();
        fields_of_the_profile_are_columns(&store).await;
        let rows = "SELECT nick, age, visits, profile FROM people WHERE mail_key LIKE 'ada%'";
        let row = sqlx::query(rows).fetch_one(&store.readers).await.unwrap();
        let shown: (String, Option<i64>, i64, String) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        assert_eq!(shown, ("Countess".into(), None, 0, "{}".into()));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whatever_is_about_users_goes_to_the_applications_table() {
        let (_directory, path) = application(&people()).await;
        let naming = naming().with_prefix("t_").unwrap();
        let store = SqliteStore::open_with(&path, naming).await.unwrap();
        accounts_are_swept_and_addresses_are_unique(&store).await;
        let tables = "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table' \
            AND name NOT LIKE 't~_%' ESCAPE '~' AND name NOT LIKE 'sqlite%'";
        let others: String = sqlx::query_scalar(tables).fetch_one(&store.readers).await.unwrap();
        assert_eq!(others, "people");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn two_stores_under_two_prefixes_know_nothing_of_each_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("shop.db");
        let open = async |prefix: &str| {
            let naming = Naming::new().with_prefix(prefix).unwrap();
            SqliteStore::open_with(&path, naming).await.unwrap()
        };
        let (one, other, plain) = (open("one_").await, open("other_").await, open("").await);
        for store in [&one, &other, &plain] {
            commit(store, inserting(&user("ada@example.com"))).await;
        }
        // And each is brought up to date by itself.
        one.close().await;
        open("one_").await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn all_that_is_wrong_with_a_table_is_told_at_once() {
        let table = people()
            .replace("mail_key TEXT NOT NULL UNIQUE", "mail_key TEXT NOT NULL")
            .replace("epoch BIGINT NOT NULL", "epoch TEXT NOT NULL")
            .replace("version BIGINT NOT NULL,", "")
            .replace("last_login BIGINT", "last_login BIGINT NOT NULL")
            .replace("visits BIGINT NOT NULL DEFAULT 0", "visits BIGINT NOT NULL");
        let (_directory, path) = application(&table).await;
        let error = SqliteStore::open_with(&path, naming()).await.unwrap_err();
        let OpenError::UserTable(error) = error else { panic!("{error}") };
        assert_eq!(
            error.problems,
            [
                "mail_key (for email_key) must be unique",
                "last_login must take NULL",
                "epoch holds text, not an integer of 64 bits",
                "version is missing",
                "visits must have a default or take NULL",
            ]
        );
        let (_directory, path) = application(&people()).await;
        let twice = UserTable::new("people").unwrap().column("id", "person").unwrap();
        let twice = twice.column("email", "mail_key").unwrap();
        let twice = twice.column("email_key", "mail_key").unwrap();
        let error = SqliteStore::open_with(&path, Naming::new().with_user_table(twice)).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("mail_key cannot stand for email_key, too"), "{error}");
        let (_directory, path) = application("CREATE TABLE others (id INTEGER)").await;
        let error = SqliteStore::open_with(&path, naming()).await.unwrap_err();
        assert!(error.to_string().contains("person (for id) is missing"), "{error}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_would_be_applied_is_told_without_a_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("records.db");
        let pending = async |naming| SqliteStore::pending_migrations(&path, naming).await.unwrap();
        let all = pending(Naming::new()).await;
        assert_eq!(all.first().map(|it| it.version), Some(1));
        assert!(all.iter().all(|it| !it.sql.is_empty() && !it.description.is_empty()));
        assert!(!path.exists());
        SqliteStore::open(&path).await.unwrap().close().await;
        assert!(pending(Naming::new()).await.is_empty());
        let prefixed = pending(Naming::new().with_prefix("t_").unwrap()).await;
        assert_eq!(prefixed.len(), all.len());
        assert!(prefixed.iter().any(|it| it.sql.contains("CREATE TABLE \"t_users\"")));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_edited_migration_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("records.db");
        let store = SqliteStore::open(&path).await.unwrap();
        let edit = "UPDATE _testudo_migrations SET checksum = x'00' WHERE version = 3";
        sqlx::query(edit).execute(&store.writer).await.unwrap();
        let error = SqliteStore::open(&path).await.unwrap_err();
        assert!(matches!(error, OpenError::Changed { version: 3, .. }), "{error}");
        let error = SqliteStore::pending_migrations(&path, Naming::new()).await.unwrap_err();
        assert!(matches!(error, OpenError::Changed { version: 3, .. }), "{error}");
    }
}
