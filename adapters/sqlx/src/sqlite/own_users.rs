//! Whether a table of the application's own can hold users.

use sqlx::{AssertSqlSafe, Error, Row, SqlitePool};

use crate::sql::{Described, Kind, Naming, UserTable, UserTableError};

/// Looks at the table, if users are in one of the application's.
pub(super) async fn check(
    pool: &SqlitePool,
    naming: &Naming,
) -> Result<Result<(), UserTableError>, Error> {
    match naming.user_table() {
        Some(table) => Ok(table.check(&describe(pool, table).await?)),
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
