//! `testudo migrate`

use serde::Serialize;
use testudo_sqlx::mysql::MySqlOptions;
use testudo_sqlx::postgres::PostgresOptions;
use testudo_sqlx::{MySqlStore, Naming, PendingMigration, PostgresStore, SqliteStore};

use super::output::{print, print_json};
use crate::cli::Migrate;
use crate::config::{self, Database};
use crate::failure::Failure;
use crate::store;

/// Brings the tables up to date, which opening the databases does; or says what that would do.
pub(super) async fn migrate(arguments: Migrate) -> Result<(), Failure> {
    let Migrate { dry_run, output, source } = arguments;
    let stores = config::stores(source.places, source.file.config.as_deref())?;
    let mut lacking = Vec::new();
    if dry_run || output.json {
        for database in stores.all() {
            lacking.push((database, pending(database).await?));
        }
    }
    if !dry_run {
        store::open(&stores).await?.close().await;
    }
    match (output.json, dry_run) {
        (true, _) => print_json(&View::of(&lacking, dry_run)),
        (false, true) => lacking.iter().try_for_each(|(database, pending)| match pending {
            Some(pending) => foretell(database, pending),
            None => print(&format!("-- {}", no_tables(database))),
        }),
        (false, false) => stores.all().try_for_each(|database| match database {
            Database::Sqlite(_) | Database::Postgres(_) | Database::MySql(_) => {
                print(&format!("the tables of {database} are up to date"))
            }
            Database::Redis(_) | Database::Memory => print(&no_tables(database)),
        }),
    }
}

/// The migrations that a database lacks; `None` where there are no tables. Nothing is changed.
async fn pending(database: &Database) -> Result<Option<Vec<PendingMigration>>, Failure> {
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
        Database::Redis(_) | Database::Memory => return Ok(None),
    };
    Ok(Some(pending))
}

/// Prints the statements. They are a script, which does by hand what this command would do.
fn foretell(database: &Database, pending: &[PendingMigration]) -> Result<(), Failure> {
    if pending.is_empty() {
        return print(&format!("-- the tables of {database} are up to date"));
    }
    print(&format!("-- {database}: what `testudo migrate` would do"))?;
    pending.iter().try_for_each(|PendingMigration { version, description, sql }| {
        print(&format!("-- migration {version}, {description}\n{}", sql.trim_end()))
    })
}

fn no_tables(database: &Database) -> String {
    format!("{database} has no tables; there is nothing to do")
}

/// What was done, or would be, for programs.
#[derive(Serialize)]
struct View<'a> {
    dry_run: bool,
    databases: Vec<DatabaseView<'a>>,
}

#[derive(Serialize)]
struct DatabaseView<'a> {
    database: String,
    migrations: Vec<MigrationView<'a>>,
}

#[derive(Serialize)]
struct MigrationView<'a> {
    version: i64,
    description: &'a str,
    /// Of what is still to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    sql: Option<&'a str>,
}

impl<'a> View<'a> {
    fn of(lacking: &'a [(&Database, Option<Vec<PendingMigration>>)], dry_run: bool) -> Self {
        let migration = |it: &'a PendingMigration| MigrationView {
            version: it.version,
            description: &it.description,
            sql: dry_run.then_some(it.sql.as_str()),
        };
        let databases = lacking.iter().map(|(database, pending)| DatabaseView {
            database: database.to_string(),
            migrations: pending.iter().flatten().map(migration).collect(),
        });
        Self { dry_run, databases: databases.collect() }
    }
}
