use std::fmt;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use url::Url;

use crate::program::run;
use crate::{Error, MariaDb, Postgres, mariadb, postgres};

/// A name that no other test has: letters, digits and underscores, at most 48 of them.
pub fn unique_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("testudo_{}_{:x}_{count}", std::process::id(), now.as_nanos() & 0xffff_ffff_ffff)
}

/// An empty database for one test, dropped with this value; whoever still is connected is thrown out by Postgres, and
/// waited for by MySQL for a second at most.
pub struct Database {
    url: Url,
    server: Url,
    dialect: Dialect,
    name: String,
}

#[derive(Clone, Copy)]
enum Dialect {
    Postgres,
    MySql,
}

impl Database {
    /// One on [`Postgres::shared`].
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub fn postgres() -> Result<Self, Error> {
        Self::on_postgres(Postgres::shared()?)
    }

    /// One on [`MariaDb::shared`].
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub fn mysql() -> Result<Self, Error> {
        Self::on_mysql(MariaDb::shared()?)
    }

    /// One on the Postgres at this URL.
    ///
    /// # Errors
    /// When it cannot be reached, or refuses.
    pub fn on_postgres(url: &str) -> Result<Self, Error> {
        Self::create(url, Dialect::Postgres)
    }

    /// One on the MySQL or MariaDB at this URL.
    ///
    /// # Errors
    /// When it cannot be reached, or refuses.
    pub fn on_mysql(url: &str) -> Result<Self, Error> {
        Self::create(url, Dialect::MySql)
    }

    /// Where clients find it: that of the server, with this database.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// What a statement finds in it: a line for each row, without names of columns.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn ask(&self, statement: &str) -> Result<String, Error> {
        match self.dialect {
            Dialect::Postgres => psql(self.url(), statement),
            Dialect::MySql => mysql(&self.server, &format!("USE {}; {statement}", self.name)),
        }
    }

    fn create(server: &str, dialect: Dialect) -> Result<Self, Error> {
        let server =
            Url::parse(server).map_err(|error| Error::failed("the server's URL", error))?;
        let name = unique_name();
        let mut url = server.clone();
        url.set_path(&name);
        let database = Self { url, server, dialect, name };
        database.run(&format!("CREATE DATABASE {}", database.name))?;
        Ok(database)
    }

    fn run(&self, statement: &str) -> Result<(), Error> {
        match self.dialect {
            Dialect::Postgres => psql(self.server.as_str(), statement),
            Dialect::MySql => mysql(&self.server, statement),
        }
        .map(drop)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = &self.name;
        // The server goes soon, or is somebody's whom a leftover does not hurt.
        let _ = self.run(&match self.dialect {
            Dialect::Postgres => format!("DROP DATABASE {name} WITH (FORCE)"),
            Dialect::MySql => format!("SET lock_wait_timeout = 1; DROP DATABASE {name}"),
        });
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a statement finds, without names of columns.
pub(crate) fn psql(server: &str, statement: &str) -> Result<String, Error> {
    run(Command::new(postgres::program("psql").find()?).args([
        "--no-psqlrc",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--command",
        statement,
        "--dbname",
        server,
    ]))
}

/// The same.
pub(crate) fn mysql(server: &Url, statement: &str) -> Result<String, Error> {
    let host = server.host_str().unwrap_or("127.0.0.1");
    let port = server.port().unwrap_or(3306);
    run(Command::new(mariadb::program("mariadb").find()?)
        .args(["--no-defaults", "--batch", "--skip-column-names"])
        .args(["--protocol=tcp", "--host", host, "--port", &port.to_string()])
        .args(["--user", server.username(), "--execute", statement])
        .env("MYSQL_PWD", server.password().unwrap_or_default()))
}
