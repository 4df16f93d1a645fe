//! A migration as a script, for who carries out by hand what opening a store does: its statements, and those that
//! record it where the store looks for it.

use std::fmt::Write as _;

use sqlx::migrate::Migration;

use super::{PendingMigration, table};
use crate::sql::{Dialect, Layout};

impl PendingMigration {
    pub(crate) fn of(migration: &Migration, layout: &Layout) -> Self {
        Self {
            version: migration.version,
            description: migration.description.clone().into_owned(),
            sql: script(migration, layout),
        }
    }
}

fn script(migration: &Migration, layout: &Layout) -> String {
    let (create, statements) = (create_table(layout), migration.sql.as_str().trim_end());
    match layout.dialect {
        // A table that is made anew is dropped in between, and what refers to its rows must not go with them.
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => format!(
            "PRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;\n{create};\n{statements}\n{};\nCOMMIT;\n",
            record(migration, layout, "TRUE")
        ),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => format!(
            "BEGIN;\n{create};\n{statements}\n{};\nCOMMIT;\n",
            record(migration, layout, "TRUE")
        ),
        // It commits statement by statement. So what is begun is recorded as begun, and whoever opens the database goes
        // on with it.
        #[cfg(feature = "mysql")]
        Dialect::MySql => format!(
            "{create};\n{} ON DUPLICATE KEY UPDATE checksum = VALUES(checksum);\n{statements}\n\
             UPDATE {} SET success = TRUE WHERE version = {};\n",
            record(migration, layout, "FALSE"),
            table(layout),
            migration.version
        ),
    }
}

/// The statement that makes the table of migrations, unless it is there.
pub(crate) fn create_table(layout: &Layout) -> String {
    let (key, moment, bytes, end) = match layout.dialect {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => ("PRIMARY KEY", "TIMESTAMP", "BLOB", ""),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => ("PRIMARY KEY", "TIMESTAMPTZ", "BYTEA", ""),
        #[cfg(feature = "mysql")]
        Dialect::MySql => (
            "NOT NULL PRIMARY KEY",
            "TIMESTAMP",
            "BLOB",
            " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        ),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS {} (version BIGINT {key}, description TEXT NOT NULL, \
         installed_on {moment} NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
         checksum {bytes} NOT NULL, execution_time BIGINT NOT NULL){end}",
        table(layout)
    )
}

fn record(migration: &Migration, layout: &Layout, success: &str) -> String {
    let mut checksum = String::new();
    for byte in migration.checksum.iter() {
        // Writing to a text does not fail.
        let _ = write!(checksum, "{byte:02x}");
    }
    let checksum = match layout.dialect {
        #[cfg(feature = "postgres")]
        Dialect::Postgres => format!("decode('{checksum}', 'hex')"),
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => format!("X'{checksum}'"),
        #[cfg(feature = "mysql")]
        Dialect::MySql => format!("X'{checksum}'"),
    };
    format!(
        "INSERT INTO {} (version, description, success, checksum, execution_time) \
         VALUES ({}, '{}', {success}, {checksum}, 0)",
        table(layout),
        migration.version,
        migration.description.replace('\'', "''")
    )
}
