//! What cannot be cheaper: the row of a session by its key, through the same client library.

use std::path::Path;
use std::time::Duration;

use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{MySqlPool, PgPool, SqlitePool};
use testudo::model::SessionId;

/// The client library, with a pool as the store has one.
pub(crate) enum Bare {
    Sqlite(SqlitePool),
    Postgres(PgPool),
    MySql(MySqlPool),
    /// And the prefix of the keys.
    Redis(ConnectionManager, String),
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

    pub(crate) async fn postgres(url: &str) -> Self {
        let pool = PgPoolOptions::new().max_connections(4).test_before_acquire(false);
        Self::Postgres(pool.connect(url).await.unwrap())
    }

    pub(crate) async fn mysql(url: &str) -> Self {
        let pool = MySqlPoolOptions::new().max_connections(4).test_before_acquire(false);
        Self::MySql(pool.connect(url).await.unwrap())
    }

    pub(crate) async fn redis(url: &str, prefix: String) -> Self {
        // The protocol that the store speaks, too.
        let client = redis::Client::open(format!("{url}?protocol=resp3")).unwrap();
        Self::Redis(client.get_connection_manager().await.unwrap(), prefix)
    }

    /// Lets the planner know how much there is, as Postgres does by itself in the minute after very much was written.
    pub(crate) async fn analyse(&self) {
        if let Self::Postgres(pool) = self {
            sqlx::query("ANALYZE").execute(pool).await.unwrap();
        }
    }

    /// Fetches the whole row, and decodes nothing.
    pub(crate) async fn read(&self, session: SessionId) {
        let id = &session.as_uuid().as_bytes()[..];
        match self {
            Self::Sqlite(pool) => {
                let query = sqlx::query("SELECT * FROM sessions WHERE id = ?1").bind(id);
                assert!(query.fetch_optional(pool).await.unwrap().is_some());
            }
            Self::Postgres(pool) => {
                let query = sqlx::query("SELECT * FROM sessions WHERE id = $1");
                let query = query.bind(session.as_uuid());
                assert!(query.fetch_optional(pool).await.unwrap().is_some());
            }
            Self::MySql(pool) => {
                let query = sqlx::query("SELECT * FROM sessions WHERE id = ?").bind(id);
                assert!(query.fetch_optional(pool).await.unwrap().is_some());
            }
            Self::Redis(connection, prefix) => {
                let key = format!("{{{prefix}:0}}:session:{}", session.as_uuid().simple());
                let record: Vec<u8> = connection.clone().get(key).await.unwrap();
                assert!(!record.is_empty());
            }
        }
    }
}

/// Bytes that a Redis holds.
pub(crate) async fn redis_memory(url: &str) -> u64 {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO").arg("memory").query_async(&mut connection).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    line.trim().parse().unwrap()
}
