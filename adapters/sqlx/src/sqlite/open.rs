//! Opening a file: making it and bringing its tables up to date.

#[cfg(test)]
mod tests;
#[cfg(test)]
mod upgrades;

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, Error, SqliteConnection, SqlitePool};

use super::commit::BEGIN;
use super::open_error::{OpenError, diagnose, diagnose_migration, is_busy};
use super::statements::Statements;
use super::{SqliteStore, own_users};
use crate::sql::{Dialect, Layout, Naming, PendingMigration, migrations};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Connections for reading. Each has a thread of its own, and a keyed read takes microseconds.
const READERS: u32 = 4;

/// How long a command waits for a connection before it is a fault.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl SqliteStore {
    /// Opens the file at `path`, makes it if there is none, and brings its tables up to date.
    ///
    /// The file must be Testudo's own. Migrations are one transaction: they are applied wholly or not
    /// at all, and once, however many processes open the file at the same time.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] whose message says what to do about it.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(path, Naming::new()).await
    }

    /// The same under names of the application's: a prefix for the tables, or a table of its own for users,
    /// which must be there before. Under a prefix the file may be one of the application's.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] whose message says what to do about it.
    pub async fn open_with(path: impl AsRef<Path>, naming: Naming) -> Result<Self, OpenError> {
        let path = path.as_ref();
        if naming.has_schema() {
            return Err(OpenError::NoSchemas);
        }
        make_file(path)?;
        let store = connect(path, naming).await.map_err(|error| diagnose(path, error))?;
        let naming = &store.statements.layout.naming;
        let checked = own_users::check(&store.readers, naming).await;
        checked.map_err(|error| diagnose(path, error))??;
        migrate(&store.writer, &store.statements.layout)
            .await
            .map_err(|error| diagnose_migration(path, error))?;
        Ok(store)
    }

    /// The migrations that [`SqliteStore::open_with`] would apply to the file at `path`. Nothing is changed, and no
    /// file is made.
    ///
    /// # Errors
    ///
    /// An [`OpenError`], as when the file is opened.
    pub async fn pending_migrations(
        path: impl AsRef<Path>,
        naming: Naming,
    ) -> Result<Vec<PendingMigration>, OpenError> {
        let path = path.as_ref();
        let layout = Layout::new(Dialect::Sqlite, naming);
        let missing = if path.exists() {
            let found = applied(path, &layout).await.map_err(|error| diagnose(path, error))?;
            migrations::missing(&MIGRATIONS, &found, &layout)
        } else {
            migrations::missing(&MIGRATIONS, &[], &layout)
        };
        let missing = missing.map_err(|mismatch| diagnose_migration(path, mismatch.into()))?;
        Ok(missing.iter().map(|it| PendingMigration::of(it, &layout)).collect())
    }
}

/// The migrations that were applied to a file, without changing it.
async fn applied(path: &Path, layout: &Layout) -> Result<Vec<AppliedMigration>, Error> {
    let mut file = SqliteConnection::connect_with(&options(path)?.read_only(true)).await?;
    let exists = "SELECT count(*) > 0 FROM sqlite_schema WHERE name = ?1";
    let exists = sqlx::query_scalar(exists).bind(layout.prefixed(migrations::TABLE));
    if !exists.fetch_one(&mut file).await? {
        return Ok(Vec::new());
    }
    let found = file.list_applied_migrations(&migrations::table(layout)).await;
    found.map_err(|error| match error {
        MigrateError::Execute(error) => error,
        other => Error::Migrate(Box::new(other)),
    })
}

/// Makes an empty file that only its owner may read, unless there is one. SQLite gives the files
/// beside it the same permissions.
fn make_file(path: &Path) -> Result<(), OpenError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(_) if path.is_dir() => Err(OpenError::IsADirectory(path.to_owned())),
        Err(error) => match error.kind() {
            ErrorKind::AlreadyExists => Ok(()),
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                Err(OpenError::NoDirectory(path.parent().unwrap_or(path).to_owned()))
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Err(OpenError::NotWritable(path.to_owned()))
            }
            _ => Err(OpenError::Other { path: path.to_owned(), source: Error::Io(error) }),
        },
    }
}

async fn connect(path: &Path, naming: Naming) -> Result<SqliteStore, Error> {
    let options = options(path)?;
    let writer = pool(1).connect_with(options.clone()).await?;
    use_write_ahead_log(&mut *writer.acquire().await?).await?;
    let readers = pool(READERS).connect_with(options.read_only(true)).await?;
    let statements = Arc::new(Statements::new(&Layout::new(Dialect::Sqlite, naming)));
    Ok(SqliteStore { writer, readers, statements })
}

fn options(path: &Path) -> Result<SqliteConnectOptions, Error> {
    // SQLite takes a name that begins with `file:` for a URL and `:memory:` for no file at all.
    let path = std::path::absolute(path)?;
    Ok(SqliteConnectOptions::new()
        .filename(path)
        // Tables of the application's may refer to users.
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        // A connection is a thread of this process: it was tested when it was released.
        .test_before_acquire(false)
        // SQLite ends a transaction by itself after some errors (disk full, I/O), which sqlx does not
        // notice: it would take the connection to be within a transaction for ever.
        .before_acquire(|connection, _| {
            let at_rest = !connection.is_in_transaction();
            Box::pin(async move { Ok(at_rest) })
        })
}

/// Switches the file to a write-ahead log, which lasts. The switch takes a lock that SQLite does not
/// wait for, whatever the busy timeout is, so that two processes which make a file at the same time
/// would get in each other's way.
async fn use_write_ahead_log(connection: &mut SqliteConnection) -> Result<(), Error> {
    let pause = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
            Err(error) if is_busy(&error) && waited < BUSY_TIMEOUT => {
                tokio::time::sleep(pause).await;
                waited += pause;
            }
            result => return result.map(drop),
        }
    }
}

/// Applies the migrations that are missing, in one transaction, which is what keeps other processes
/// out: sqlx has no lock for SQLite.
async fn migrate(writer: &SqlitePool, layout: &Layout) -> Result<(), MigrateError> {
    let mut connection = writer.acquire().await?;
    // A table that is made anew is dropped in between, and what refers to its rows must not go with them. Within
    // a transaction SQLite ignores this.
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut *connection).await?;
    let migrated = apply(&mut connection, layout).await;
    sqlx::query("PRAGMA foreign_keys = ON").execute(&mut *connection).await?;
    migrated
}

async fn apply(connection: &mut SqliteConnection, layout: &Layout) -> Result<(), MigrateError> {
    let table = migrations::table(layout);
    let mut transaction = connection.begin_with(BEGIN).await?;
    transaction.ensure_migrations_table(&table).await?;
    let applied = transaction.list_applied_migrations(&table).await?;
    for migration in migrations::missing(&MIGRATIONS, &applied, layout)? {
        transaction.apply(&table, &migration).await?;
    }
    Ok(transaction.commit().await?)
}
