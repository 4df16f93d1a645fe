//! That there is no such session.

use super::Effect;
use crate::sql::{Layout, Sql, Table};

/// Statements that find out that there is no such session, and keep it so until the transaction ends.
pub(super) fn no_session(layout: &Layout) -> Vec<(Sql, Effect)> {
    let (sessions, id) = (layout.table(Table::Sessions), layout.column(Table::Sessions, "id"));
    let is_absent = format!("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM {sessions} WHERE {id} = ?1)");
    match layout.dialect {
        #[cfg(feature = "sqlite")]
        crate::sql::Dialect::Sqlite => vec![(layout.sql(&is_absent), Effect::Finds)],
        // A row that is not there cannot be locked. So one is put there and taken away again: whoever would
        // insert it has to wait for the end of this transaction, as this one waits for theirs.
        #[allow(unreachable_patterns, reason = "there may be one dialect only")]
        _ => {
            let _ = is_absent;
            let delete = format!("DELETE FROM {sessions} WHERE {id} = ?1");
            vec![
                (layout.sql(&placeholder(layout)), Effect::Changes),
                (layout.sql(&delete), Effect::Changes),
            ]
        }
    }
}

/// An insert of a session that has nothing but its id.
fn placeholder(layout: &Layout) -> String {
    let value = |column: &str| match column {
        "id" | "user_id" => "?1",
        "client_ip" | "client_user_agent" | "ended_at" | "ended_reason" => "NULL",
        "methods" | "claims" | "chain_key" | "refresh_digest" | "access_digest" => "''",
        _ => "0",
    };
    let columns = layout.columns(Table::Sessions).join(", ");
    let values: Vec<_> = Table::Sessions.columns().iter().map(|column| value(column)).collect();
    format!(
        "INSERT INTO {} ({columns}) VALUES ({})",
        layout.table(Table::Sessions),
        values.join(", ")
    )
}
