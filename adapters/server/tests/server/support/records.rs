//! What a server keeps.

use std::path::Path;

/// Opens what a server keeps, beside it.
pub(crate) async fn records(path: &Path) -> testudo_sqlx::SqliteStore {
    testudo_sqlx::SqliteStore::open(path).await.unwrap()
}
