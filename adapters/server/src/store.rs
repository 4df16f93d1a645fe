//! The store that a configuration names.

use testudo_driver::SharedStore;
use testudo_memory::MemoryStore;
use testudo_sqlx::SqliteStore;

use crate::config::Database;
use crate::failure::Failure;

/// A store that was opened.
pub(crate) enum Opened {
    Sqlite(SqliteStore),
    Memory(MemoryStore),
}

/// Opens a database, makes it if there is none, and brings its tables up to date.
///
/// # Errors
///
/// When it cannot be opened; the message says what to do.
pub(crate) async fn open(database: &Database) -> Result<Opened, Failure> {
    match database {
        Database::Sqlite(path) => SqliteStore::open(path)
            .await
            .map(Opened::Sqlite)
            .map_err(|error| Failure::new(format!("the database cannot be used: {error}"))),
        Database::Memory => Ok(Opened::Memory(MemoryStore::new())),
    }
}

impl Opened {
    /// The store, as the one type that everything works with.
    pub(crate) fn shared(&self) -> SharedStore {
        match self {
            Self::Sqlite(store) => SharedStore::new(store.clone()),
            Self::Memory(store) => SharedStore::new(store.clone()),
        }
    }

    /// Ends all that goes on with the store and leaves its files tidy.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Memory(_) => {}
        }
    }
}
