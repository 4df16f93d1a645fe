//! Opening a store: connecting, and bringing the tables up to date.

use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Error, Executor, PgConnection};
use tokio::time::timeout;

use super::fault::{code, sqlstate, why};
use super::open_error::OpenError;
use super::statements::Statements;
use super::{PostgresOptions, PostgresStore, own_users};
use crate::sql::server::{Pool, Retries, Why};
use crate::sql::{Dialect, Layout, PendingMigration, migrations};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How many statements a connection keeps prepared: more than there are.
const STATEMENTS: usize = 256;

impl PostgresStore {
    /// Connects to the database that a URL names, and brings its tables up to date; see
    /// [`PostgresOptions::parse`].
    ///
    /// # Errors
    ///
    /// An [`OpenError`] whose message says what to do about it.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(PostgresOptions::parse(url)?).await
    }

    /// Connects to a database, and brings its tables up to date. Any number of nodes may do so at once: one applies
    /// the migrations, and the others wait. Where none is missing, nothing is written or locked.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] whose message says what to do about it.
    pub async fn open_with(options: PostgresOptions) -> Result<Self, OpenError> {
        let layout = Layout::new(Dialect::Postgres, options.naming.clone());
        // Migrations may take longer than a command may: they have a connection of their own.
        let mut connection = connect(&options).await?;
        own_users::check(&mut connection, &layout).await??;
        migrate(&mut connection, &layout, &MIGRATIONS).await?;
        let _ = connection.close().await;

        let PostgresOptions { connect, connections, patience, .. } = options;
        let connect = connect.statement_cache_capacity(STATEMENTS);
        let database = Pool::new(connect, &session(patience), connections, patience)?;
        Ok(Self { database, statements: Arc::new(Statements::new(&layout)) })
    }

    /// The migrations that [`PostgresStore::open_with`] would apply. Nothing is changed.
    ///
    /// # Errors
    ///
    /// An [`OpenError`], as when the store is opened.
    pub async fn pending_migrations(
        options: PostgresOptions,
    ) -> Result<Vec<PendingMigration>, OpenError> {
        let layout = Layout::new(Dialect::Postgres, options.naming.clone());
        let mut connection = connect(&options).await?;
        let missing = missing(&mut connection, &layout, &MIGRATIONS).await?;
        let _ = connection.close().await;
        Ok(missing.iter().map(|it| PendingMigration::of(it, &layout)).collect())
    }
}

/// What every connection begins with. Waits end on the server too, a little before they end here, and each
/// statement sees what was committed before it.
fn session(patience: Duration) -> String {
    let wait = (patience.as_millis().saturating_mul(9) / 10).max(1);
    format!(
        "SET default_transaction_isolation = 'read committed'; \
         SET statement_timeout = {wait}; SET lock_timeout = {wait}; \
         SET idle_in_transaction_session_timeout = {}",
        wait.saturating_mul(2)
    )
}

async fn connect(options: &PostgresOptions) -> Result<PgConnection, OpenError> {
    let connect: &PgConnectOptions = &options.connect;
    let connecting = timeout(options.patience, connect.connect()).await;
    let mut connection = connecting.map_err(|_| OpenError::Unreachable(Error::PoolTimedOut))??;
    let encoding: String =
        sqlx::query_scalar("SHOW server_encoding").fetch_one(&mut connection).await?;
    if !encoding.eq_ignore_ascii_case("utf8") {
        return Err(OpenError::Encoding(encoding));
    }
    Ok(connection)
}

/// Applies the migrations that are missing, in one transaction, under a lock on one row.
pub(super) async fn migrate(
    connection: &mut PgConnection,
    layout: &Layout,
    migrator: &Migrator,
) -> Result<(), OpenError> {
    if missing(connection, layout, migrator).await?.is_empty() {
        return Ok(());
    }
    make_lock(connection, layout).await?;
    let mut retries = Retries::new();
    loop {
        match apply(connection, layout, migrator).await {
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _))
                if retries.again(why(&error)).await => {}
            result => return result.map_err(OpenError::from),
        }
    }
}

/// Makes the table of migrations and in it the row that is locked. Two who do so at once get in each other's way, also
/// where it says IF NOT EXISTS or ON CONFLICT: the latter where transactions see what was there when they began.
async fn make_lock(connection: &mut PgConnection, layout: &Layout) -> Result<(), OpenError> {
    let mut retries = Retries::new();
    loop {
        match make_lock_once(connection, layout).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::Execute(error))
                if is_just_made(&error) && retries.again(Why::InTheWay).await => {}
            Err(error) => return Err(error.into()),
        }
    }
}

async fn make_lock_once(
    connection: &mut PgConnection,
    layout: &Layout,
) -> Result<(), MigrateError> {
    let table = migrations::table(layout);
    connection.ensure_migrations_table(&table).await?;
    let row = format!(
        "INSERT INTO {table} (version, description, success, checksum, execution_time) \
         VALUES ({}, 'locked by who applies migrations', TRUE, '', 0) ON CONFLICT DO NOTHING",
        migrations::LOCK_ROW
    );
    connection.execute(AssertSqlSafe(row)).await?;
    Ok(())
}

/// Whether somebody else was faster.
fn is_just_made(error: &Error) -> bool {
    why(error) == Why::InTheWay
        || matches!(
            sqlstate(error),
            Some(code::UNIQUE_VIOLATION | code::DUPLICATE_TABLE | code::DUPLICATE_OBJECT | "XX000")
        )
}

async fn apply(
    connection: &mut PgConnection,
    layout: &Layout,
    migrator: &Migrator,
) -> Result<(), MigrateError> {
    let table = migrations::table(layout);
    // Whatever the database's own default is: who waited for the lock must see what its holder did.
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
    let lock = format!("SELECT 1 FROM {table} WHERE version = {} FOR UPDATE", migrations::LOCK_ROW);
    transaction.execute(AssertSqlSafe(lock)).await?;
    let applied = transaction.list_applied_migrations(&table).await?;
    for migration in migrations::missing(migrator, &applied, layout)? {
        transaction.apply(&table, &migration).await?;
    }
    Ok(transaction.commit().await?)
}

pub(super) async fn missing(
    connection: &mut PgConnection,
    layout: &Layout,
    migrator: &Migrator,
) -> Result<Vec<Migration>, OpenError> {
    let applied = applied(connection, layout).await?;
    Ok(migrations::missing(migrator, &applied, layout).map_err(MigrateError::from)?)
}

async fn applied(
    connection: &mut PgConnection,
    layout: &Layout,
) -> Result<Vec<AppliedMigration>, OpenError> {
    let table = migrations::table(layout);
    let exists = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(&table);
    if !exists.fetch_one(&mut *connection).await? {
        return Ok(Vec::new());
    }
    Ok(connection.list_applied_migrations(&table).await?)
}
