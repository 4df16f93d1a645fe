//! Whether a table of the application's own can hold users.

use sqlx::{Error, PgConnection, Row};

use crate::sql::{Described, Kind, Layout, Table, UserTableError};

/// ?1 the table, as it stands in statements.
const COLUMNS: &str = "SELECT columns.attname::text AS name, \
        format_type(columns.atttypid, NULL) AS type, \
        NOT columns.attnotnull AS is_nullable, \
        columns.atthasdef OR columns.attidentity <> '' AS has_default, \
        coalesce((SELECT collisdeterministic FROM pg_collation WHERE oid = columns.attcollation), TRUE) \
            AS is_exact, \
        EXISTS (SELECT 1 FROM pg_index AS keys WHERE keys.indrelid = columns.attrelid \
            AND keys.indisunique AND keys.indisvalid AND keys.indimmediate AND keys.indpred IS NULL AND keys.indnatts = 1 \
            AND keys.indkey[0] = columns.attnum) AS is_unique \
    FROM pg_attribute AS columns \
    WHERE columns.attrelid = to_regclass($1) AND columns.attnum > 0 AND NOT columns.attisdropped \
    ORDER BY columns.attnum";

/// Looks at the table, if users are in one of the application's.
pub(super) async fn check(
    connection: &mut PgConnection,
    layout: &Layout,
) -> Result<Result<(), UserTableError>, Error> {
    let Some(table) = layout.naming.user_table() else { return Ok(Ok(())) };
    let query = sqlx::query(COLUMNS).bind(layout.table(Table::Users));
    let rows = query.fetch_all(connection).await?;
    let described = rows.iter().map(|row| {
        let named: String = row.try_get("type")?;
        let is_exact: bool = row.try_get("is_exact")?;
        Ok(Described {
            name: row.try_get("name")?,
            kind: kind(&named).filter(|_| is_exact),
            named: if is_exact {
                named
            } else {
                format!("{named} under a collation that is not exact")
            },
            is_nullable: row.try_get("is_nullable")?,
            has_default: row.try_get("has_default")?,
            is_unique: row.try_get("is_unique")?,
        })
    });
    Ok(table.check(&described.collect::<Result<Vec<_>, Error>>()?, layout.dialect))
}

fn kind(named: &str) -> Option<Kind> {
    match named {
        "uuid" => Some(Kind::Uuid),
        "text" | "character varying" => Some(Kind::Text),
        "boolean" => Some(Kind::Bool),
        "bigint" => Some(Kind::Int),
        "double precision" => Some(Kind::Real),
        "bytea" => Some(Kind::Bytes),
        _ => None,
    }
}
