//! The store that a configuration names: one, or several as one.

use std::time::Duration;

use testudo_driver::{SharedStore, Split};
use testudo_memory::MemoryStore;
use testudo_redis::{OpenError, RedisOptions};
use testudo_sqlx::mysql::MySqlOptions;
use testudo_sqlx::postgres::PostgresOptions;
use testudo_sqlx::{MySqlStore, PostgresStore, SqliteStore};

use crate::config::{Database, RedisPlace, Stores};
use crate::failure::{Failure, while_doing};

/// How long a commit waits for replicas of Redis, where it is to wait for some.
const REPLICATION: Duration = Duration::from_secs(1);

/// A store that was opened.
pub(crate) struct Opened {
    store: SharedStore,
    /// What is to be closed at the end.
    databases: Vec<Connected>,
}

/// A database that was opened.
enum Connected {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
    MySql(MySqlStore),
    /// Nothing is to be done about it at the end.
    Other(SharedStore),
}

/// Opens all databases, makes the files that there are not yet, and brings the tables up to date.
///
/// # Errors
///
/// When one cannot be opened; the message says what to do.
pub(crate) async fn open(stores: &Stores) -> Result<Opened, Failure> {
    let main = connect(stores.main()).await?;
    let others = stores.others();
    if others.is_empty() {
        return Ok(Opened { store: main.shared(), databases: vec![main] });
    }
    let mut split = Split::new(main.shared());
    let mut databases = vec![main];
    for (database, parts) in others {
        let other = connect(database).await?;
        split = split.place(parts, other.shared());
        databases.push(other);
    }
    Ok(Opened { store: SharedStore::new(split), databases })
}

async fn connect(database: &Database) -> Result<Connected, Failure> {
    let unusable = |error: &dyn std::error::Error| {
        Failure::new(format!("the database {database} cannot be used: {error}"))
    };
    match database {
        Database::Sqlite(path) => SqliteStore::open(path)
            .await
            .map(Connected::Sqlite)
            .map_err(|error| Failure::new(format!("the database cannot be used: {error}"))),
        Database::Postgres(url) => {
            let options = PostgresOptions::parse(url.expose()).map_err(|error| unusable(&error))?;
            let store = PostgresStore::open_with(options).await;
            store.map(Connected::Postgres).map_err(|error| unusable(&error))
        }
        Database::MySql(url) => {
            let options = MySqlOptions::parse(url.expose()).map_err(|error| unusable(&error))?;
            let store = MySqlStore::open_with(options).await;
            store.map(Connected::MySql).map_err(|error| unusable(&error))
        }
        Database::Redis(place) => {
            let opened = redis_options(place)?.open(place.url.expose()).await;
            let store = opened.map_err(|error| match (&error, &place.authority) {
                (OpenError::Certificates, Some(path)) => {
                    Failure::new(format!("{} holds no certificate in PEM", path.display()))
                }
                _ => unusable(&error),
            })?;
            Ok(Connected::Other(SharedStore::new(store)))
        }
        Database::Memory => Ok(Connected::Other(SharedStore::new(MemoryStore::new()))),
    }
}

/// How a Redis is opened, with the certificates that its place names.
fn redis_options(place: &RedisPlace) -> Result<RedisOptions, Failure> {
    let options = RedisOptions::new().prefix(&place.prefix).buckets(place.buckets);
    let options = options.wait_for_replicas(place.replicas, REPLICATION);
    let Some(path) = &place.authority else { return Ok(options) };
    let what = format!("the certificates in {} cannot be read", path.display());
    Ok(options.trust(std::fs::read(path).map_err(while_doing(what))?))
}

impl Opened {
    /// The store, as the one type that everything works with.
    pub(crate) fn shared(&self) -> SharedStore {
        self.store.clone()
    }

    /// Ends all that goes on with the databases and leaves their files tidy.
    pub(crate) async fn close(&self) {
        for database in &self.databases {
            match database {
                Connected::Sqlite(store) => store.close().await,
                Connected::Postgres(store) => store.close().await,
                Connected::MySql(store) => store.close().await,
                Connected::Other(_) => {}
            }
        }
    }
}

impl Connected {
    fn shared(&self) -> SharedStore {
        match self {
            Self::Sqlite(store) => SharedStore::new(store.clone()),
            Self::Postgres(store) => SharedStore::new(store.clone()),
            Self::MySql(store) => SharedStore::new(store.clone()),
            Self::Other(store) => store.clone(),
        }
    }
}
