//! Opening a database: bringing its tables up to date.
//!
//! MySQL commits what changes tables statement by statement, so that a migration which was stopped is there in part.
//! All of their statements can be carried out again, and a migration is recorded as begun before it begins: so
//! whoever opens the database next goes on with it. A lock of the server keeps all others away meanwhile.

use std::time::Instant;

use sqlx::migrate::{AppliedMigration, Migration, Migrator};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection, Error, Row};

use super::fault::{code, number};
use super::open_error::OpenError;
use super::options::MySqlOptions;
use super::statements::Statements;
use super::{MySqlStore, user_table};
use crate::sql::{Dialect, Layout, PendingMigration, Table, migrations};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/mysql");

/// How long to wait for others who apply migrations.
const LOCK_SECONDS: u32 = 60;

impl MySqlStore {
    /// Opens the database at a URL `mysql://user:password@host:port/database` and brings its tables up to date, which
    /// takes the rights to create and alter tables there, and none once they are.
    ///
    /// However many processes open it at the same time, each migration is applied once.
    ///
    /// # Errors
    ///
    /// A [`OpenError`] whose message says what to do about it.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(MySqlOptions::parse(url)?).await
    }

    /// As [`open`](Self::open), with other names or another number of connections.
    ///
    /// # Errors
    ///
    /// A [`OpenError`] whose message says what to do about it.
    pub async fn open_with(options: MySqlOptions) -> Result<Self, OpenError> {
        let layout = layout(&options);
        // Migrations may take longer than a command may: they have a connection of their own.
        let mut connection = options.connect().await?;
        require_version(&mut connection).await?;
        migrate(&mut connection, &layout, &MIGRATIONS).await?;
        user_table::check(&mut connection, &layout).await?;
        let _ = connection.close().await;
        let statements = Statements::new(&layout).into();
        Ok(Self { database: options.pool()?, statements })
    }

    /// The migrations that [`open_with`](Self::open_with) would apply; nothing is changed.
    ///
    /// # Errors
    ///
    /// A [`OpenError`] whose message says what to do about it.
    pub async fn pending_migrations(
        options: MySqlOptions,
    ) -> Result<Vec<PendingMigration>, OpenError> {
        let layout = layout(&options);
        let mut connection = options.connect().await?;
        let missing = missing(&mut connection, &layout, &MIGRATIONS).await?;
        let _ = connection.close().await;
        Ok(missing.iter().map(|it| PendingMigration::of(it, &layout)).collect())
    }
}

pub(super) fn layout(options: &MySqlOptions) -> Layout {
    Layout::new(Dialect::MySql, options.naming.clone())
}

/// What is older knows no SKIP LOCKED.
async fn require_version(connection: &mut MySqlConnection) -> Result<(), OpenError> {
    let version: String = sqlx::query_scalar("SELECT VERSION()").fetch_one(connection).await?;
    if is_recent(&version) { Ok(()) } else { Err(OpenError::TooOld(version)) }
}

fn is_recent(version: &str) -> bool {
    let numbers = version.split(|char: char| !char.is_ascii_digit());
    let numbers: Vec<u32> = numbers.map_while(|number| number.parse().ok()).take(3).collect();
    let least: &[u32] = if version.contains("MariaDB") { &[10, 6] } else { &[8, 0, 11] };
    numbers.as_slice() >= least
}

/// Applies the migrations that are missing. Whoever comes meanwhile waits.
pub(super) async fn migrate(
    connection: &mut MySqlConnection,
    layout: &Layout,
    migrator: &Migrator,
) -> Result<(), OpenError> {
    if missing(connection, layout, migrator).await?.is_empty() {
        return Ok(());
    }
    lock(connection, layout).await?;
    let migrated = migrate_alone(connection, layout, migrator).await;
    unlock(connection, layout).await?;
    migrated
}

pub(super) async fn missing(
    connection: &mut MySqlConnection,
    layout: &Layout,
    migrator: &Migrator,
) -> Result<Vec<Migration>, OpenError> {
    let applied = match applied(connection, layout).await {
        Ok(applied) => applied,
        Err(error) if number(&error) == Some(code::NO_SUCH_TABLE) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    Ok(migrations::missing(migrator, &applied, layout)?)
}

/// The migrations that were applied to their end.
async fn applied(
    connection: &mut MySqlConnection,
    layout: &Layout,
) -> Result<Vec<AppliedMigration>, Error> {
    let table = migrations::table(layout);
    let query = format!("SELECT version, checksum FROM {table} WHERE success ORDER BY version");
    let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(connection).await?;
    let applied = |row: sqlx::mysql::MySqlRow| {
        let checksum: Vec<u8> = row.try_get("checksum")?;
        Ok(AppliedMigration { version: row.try_get("version")?, checksum: checksum.into() })
    };
    rows.into_iter().map(applied).collect()
}

/// What is locked: the table of migrations, in whichever database a connection begins. Names of locks are common to all
/// databases of a server, and have at most 64 characters.
const LOCK: &str = "SHA2(CONCAT(COALESCE(?, DATABASE()), '.', ?), 256)";

/// Keeps everybody else who opens this database under these names away, until [`unlock`] or the end of the connection.
async fn lock(connection: &mut MySqlConnection, layout: &Layout) -> Result<(), OpenError> {
    let got: Option<i64> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT GET_LOCK({LOCK}, ?)")))
        .bind(layout.schema())
        .bind(migrations::name(layout))
        .bind(LOCK_SECONDS)
        .fetch_one(connection)
        .await?;
    if got == Some(1) { Ok(()) } else { Err(OpenError::Busy) }
}

async fn unlock(connection: &mut MySqlConnection, layout: &Layout) -> Result<(), OpenError> {
    let query = sqlx::query(AssertSqlSafe(format!("SELECT RELEASE_LOCK({LOCK})")));
    query.bind(layout.schema()).bind(migrations::name(layout)).fetch_one(connection).await?;
    Ok(())
}

async fn migrate_alone(
    connection: &mut MySqlConnection,
    layout: &Layout,
    migrator: &Migrator,
) -> Result<(), OpenError> {
    let table = migrations::table(layout);
    if !is_known(connection, layout).await? {
        refuse_other_tables(connection, layout).await?;
        let create = migrations::create_table(layout);
        sqlx::query(AssertSqlSafe(create)).execute(&mut *connection).await?;
    }
    // Somebody else may have been faster.
    for migration in missing(connection, layout, migrator).await? {
        let failed = |source| OpenError::Migration { version: migration.version, source };
        apply(connection, &table, &migration).await.map_err(failed)?;
    }
    Ok(())
}

async fn apply(
    connection: &mut MySqlConnection,
    table: &str,
    migration: &Migration,
) -> Result<(), Error> {
    let begun = Instant::now();
    let begin = format!(
        "INSERT INTO {table} (version, description, success, checksum, execution_time) \
         VALUES (?, ?, FALSE, ?, 0) ON DUPLICATE KEY UPDATE checksum = VALUES(checksum)"
    );
    sqlx::query(AssertSqlSafe(begin))
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .execute(&mut *connection)
        .await?;
    sqlx::raw_sql(migration.sql.clone()).execute(&mut *connection).await?;
    let end = format!("UPDATE {table} SET success = TRUE, execution_time = ? WHERE version = ?");
    sqlx::query(AssertSqlSafe(end))
        .bind(i64::try_from(begun.elapsed().as_nanos()).unwrap_or(i64::MAX))
        .bind(migration.version)
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether the library has been here, if only to begin.
async fn is_known(connection: &mut MySqlConnection, layout: &Layout) -> Result<bool, OpenError> {
    let query = format!("SELECT 1 FROM {} LIMIT 1", migrations::table(layout));
    match sqlx::query(AssertSqlSafe(query)).fetch_optional(connection).await {
        Ok(_) => Ok(true),
        Err(error) if number(&error) == Some(code::NO_SUCH_TABLE) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The statements of migrations take a table that is there for their own.
async fn refuse_other_tables(
    connection: &mut MySqlConnection,
    layout: &Layout,
) -> Result<(), OpenError> {
    let tables = Table::ALL.into_iter();
    for table in tables.filter(|table| layout.naming.makes_users() || *table != Table::Users) {
        let name = layout.table(table);
        let query = format!("SELECT 1 FROM {name} LIMIT 1");
        match sqlx::query(AssertSqlSafe(query)).fetch_optional(&mut *connection).await {
            Ok(_) => return Err(OpenError::OtherTables(name)),
            Err(error) if number(&error) == Some(code::NO_SUCH_TABLE) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
