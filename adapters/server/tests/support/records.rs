//! What a server keeps.

use super::process::Site;

/// Opens what a server keeps, beside it.
pub(crate) async fn records(site: &Site) -> testudo_sqlx::SqliteStore {
    testudo_sqlx::SqliteStore::open(site.path("testudo.db")).await.unwrap()
}
