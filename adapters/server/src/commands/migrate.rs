//! `testudo migrate`

use testudo_sqlx::mysql::MySqlOptions;
use testudo_sqlx::postgres::PostgresOptions;
use testudo_sqlx::{MySqlStore, Naming, PendingMigration, PostgresStore, SqliteStore};

use super::print;
use crate::cli::Migrate;
use crate::config::{self, Database};
use crate::failure::Failure;
use crate::store;

/// Brings the tables up to date, which opening the databases does; or says what that would do.
pub(super) async fn migrate(arguments: Migrate) -> Result<(), Failure> {
    let Migrate { dry_run, source } = arguments;
    let stores = config::stores(source.places, source.file.config.as_deref())?;
    if dry_run {
        for database in stores.all() {
            foretell(database).await?;
        }
        return Ok(());
    }
    store::open(&stores).await?.close().await;
    stores.all().try_for_each(|database| match database {
        Database::Sqlite(_) | Database::Postgres(_) | Database::MySql(_) => {
            print(&format!("the tables of {database} are up to date"))
        }
        Database::Redis(_) | Database::Memory => print_no_tables(database),
    })
}

/// Prints the statements of the migrations that a database lacks. Nothing is changed.
async fn foretell(database: &Database) -> Result<(), Failure> {
    let unusable = |error: &dyn std::error::Error| {
        Failure::new(format!("the database {database} cannot be used: {error}"))
    };
    let pending = match database {
        Database::Sqlite(path) => SqliteStore::pending_migrations(path, Naming::new())
            .await
            .map_err(|error| unusable(&error))?,
        Database::Postgres(url) => {
            let options = PostgresOptions::parse(url.expose()).map_err(|error| unusable(&error))?;
            let pending = PostgresStore::pending_migrations(options).await;
            pending.map_err(|error| unusable(&error))?
        }
        Database::MySql(url) => {
            let options = MySqlOptions::parse(url.expose()).map_err(|error| unusable(&error))?;
            let pending = MySqlStore::pending_migrations(options).await;
            pending.map_err(|error| unusable(&error))?
        }
        Database::Redis(_) | Database::Memory => return print_no_tables(database),
    };
    if pending.is_empty() {
        return print(&format!("-- the tables of {database} are up to date"));
    }
    print(&format!("-- {database}: what `testudo migrate` would do"))?;
    pending.iter().try_for_each(|PendingMigration { version, description, sql }| {
        print(&format!("-- migration {version}, {description}\n{}", sql.trim_end()))
    })
}

fn print_no_tables(database: &Database) -> Result<(), Failure> {
    print(&format!("{database} has no tables; there is nothing to do"))
}
