//! Whether a table of the application's own can hold users.

use sqlx::Row;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::open_error::OpenError;
use crate::sql::{Described, Kind, Layout, Table};

/// ?1 schema or NULL for that of the connection, ?2 table.
const COLUMNS: &str = "SELECT c.column_name, c.column_type, c.is_nullable, c.column_default, c.extra, \
        c.character_set_name, \
        EXISTS (SELECT 1 FROM information_schema.statistics AS s \
            WHERE s.table_schema = c.table_schema AND s.table_name = c.table_name \
                AND s.column_name = c.column_name AND s.non_unique = 0 AND s.sub_part IS NULL \
                AND NOT EXISTS (SELECT 1 FROM information_schema.statistics AS more \
                    WHERE more.table_schema = s.table_schema AND more.table_name = s.table_name \
                        AND more.index_name = s.index_name AND more.seq_in_index > 1)) \
    FROM information_schema.columns AS c \
    WHERE c.table_schema = COALESCE(?, DATABASE()) AND c.table_name = ?";

/// Whether the table that users are in can hold them, if the application made it.
pub(super) async fn check(
    connection: &mut MySqlConnection,
    layout: &Layout,
) -> Result<(), OpenError> {
    let (Some(own), Some((schema, table))) = (layout.naming.user_table(), layout.own_users())
    else {
        return Ok(());
    };
    let query = sqlx::query(COLUMNS).bind(schema).bind(table);
    let rows = query.fetch_all(connection).await?;
    let described = rows.iter().map(|row| described(row, layout));
    Ok(own.check(&described.collect::<Result<Vec<_>, _>>()?, layout.dialect)?)
}

fn described(row: &MySqlRow, layout: &Layout) -> Result<Described, sqlx::Error> {
    // What these columns are differs between the servers.
    let text = |at: usize| row.try_get_unchecked::<Option<String>, _>(at);
    let name = text(0)?.unwrap_or_default();
    let named = text(1)?.unwrap_or_default().to_ascii_lowercase();
    let extra = text(4)?.unwrap_or_default().to_ascii_lowercase();
    let fills_itself = extra.contains("generated") || extra.contains("auto_increment");
    let charset = text(5)?;
    let is_key = ["email_key", "previous_email_key"]
        .iter()
        .any(|part| layout.column(Table::Users, part) == layout.dialect.quote(&name));
    Ok(Described {
        kind: kind(&named, charset.as_deref(), is_key),
        is_nullable: text(2)?.as_deref() == Some("YES"),
        has_default: text(3)?.is_some() || fills_itself,
        is_unique: row.try_get_unchecked::<i64, _>(6)? != 0,
        name,
        named: match charset {
            Some(charset) => format!("{named} of {charset}"),
            None => named,
        },
    })
}

/// What a column of this type holds as it came. CHAR drops trailing blanks, BINARY of another length adds zeros.
fn kind(named: &str, charset: Option<&str>, is_key: bool) -> Option<Kind> {
    let is_wide = charset.is_some_and(|charset| charset.eq_ignore_ascii_case("utf8mb4"));
    let (base, rest) = named.split_once(['(', ' ']).unwrap_or((named, ""));
    match base {
        "varbinary" if is_key => Some(Kind::Text),
        "varchar" | "text" | "mediumtext" | "longtext" if is_wide => Some(Kind::Text),
        "binary" if rest == "16)" => Some(Kind::Bytes),
        "varbinary" | "blob" | "mediumblob" | "longblob" => Some(Kind::Bytes),
        "tinyint" if !named.contains("unsigned") => Some(Kind::Bool),
        "bigint" if !named.contains("unsigned") => Some(Kind::Int),
        "double" => Some(Kind::Real),
        _ => None,
    }
}
