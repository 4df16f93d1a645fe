//! What cannot be cheaper: the row of a session by its key, through the same client library.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use testudo::model::SessionId;

/// The client library, with a pool as the store has one.
pub(crate) enum Bare {
    Sqlite(SqlitePool),
}

impl Bare {
    pub(crate) async fn sqlite(file: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .read_only(true)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new().max_connections(4).test_before_acquire(false);
        Self::Sqlite(pool.connect_with(options).await.unwrap())
    }

    /// Fetches the whole row, and decodes nothing.
    pub(crate) async fn read(&self, session: SessionId) {
        let id = &session.as_uuid().as_bytes()[..];
        match self {
            Self::Sqlite(pool) => {
                let query = sqlx::query("SELECT * FROM sessions WHERE id = ?1").bind(id);
                assert!(query.fetch_optional(pool).await.unwrap().is_some());
            }
        }
    }
}
