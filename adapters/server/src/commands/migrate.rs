//! `testudo migrate`

use super::print;
use crate::cli::Source;
use crate::config::{self, Database};
use crate::failure::Failure;
use crate::store;

/// Brings the tables up to date, which opening the database does.
pub(super) async fn migrate(source: Source) -> Result<(), Failure> {
    let database = config::database(source.database, source.file.config.as_deref())?;
    store::open(&database).await?.close().await;
    match &database {
        Database::Sqlite(_) => print(&format!("the tables of {database} are up to date")),
        Database::Memory => print("memory: has no tables; there is nothing to do"),
    }
}
