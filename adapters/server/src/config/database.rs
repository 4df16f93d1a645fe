//! Where records are kept: which database, and which part of the records in which.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde::Deserialize;
use testudo::Secret;
use testudo::command::Part;
use testudo_sqlx::mysql::MySqlOptions;
use testudo_sqlx::postgres::PostgresOptions;

use super::redis::RedisPlace;
use crate::failure::Failure;

/// A database.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Database {
    /// In a file.
    Sqlite(PathBuf),
    /// In PostgreSQL.
    Postgres(DatabaseUrl),
    /// In MySQL or MariaDB.
    MySql(DatabaseUrl),
    /// In Redis, or a cluster of it.
    Redis(RedisPlace),
    /// Nowhere: forgotten when the process ends.
    Memory,
}

impl Default for Database {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from("testudo.db"))
    }
}

const EXPECTED: &str = "expected sqlite:PATH, postgres://…, mysql://…, redis://…, rediss://…, redis-cluster://… or memory:";

impl FromStr for Database {
    type Err = String;

    /// No error repeats what may be a password.
    fn from_str(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        match scheme {
            "sqlite" => sqlite(rest),
            "memory" if rest.is_empty() && url.ends_with(':') => Ok(Self::Memory),
            "postgres" | "postgresql" if rest.starts_with("//") => {
                PostgresOptions::parse(url).map_err(|error| error.to_string())?;
                Ok(Self::Postgres(DatabaseUrl(Secret::new(url.to_owned()))))
            }
            "mysql" | "mariadb" if rest.starts_with("//") => {
                MySqlOptions::parse(url).map_err(|error| error.to_string())?;
                Ok(Self::MySql(DatabaseUrl(Secret::new(url.to_owned()))))
            }
            "redis" | "rediss" | "redis-cluster" | "rediss-cluster" => url.parse().map(Self::Redis),
            _ => Err(EXPECTED.to_owned()),
        }
    }
}

/// `sqlite:PATH`, also as `sqlite://PATH`.
fn sqlite(rest: &str) -> Result<Database, String> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        "" => Err("expected a path after sqlite:, such as sqlite:testudo.db".to_owned()),
        ":memory:" => Err("for a database in memory use memory:".to_owned()),
        _ if path.contains('?') => Err("sqlite: takes a path and no parameters".to_owned()),
        _ => Ok(Database::Sqlite(Path::new(path).to_owned())),
    }
}

impl TryFrom<String> for Database {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Database {
    /// As it is written in a configuration, without what may be secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(out, "sqlite:{}", path.display()),
            Self::Postgres(url) | Self::MySql(url) => url.fmt(out),
            Self::Redis(place) => place.url.fmt(out),
            Self::Memory => out.write_str("memory:"),
        }
    }
}

/// A URL that may hold a password.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseUrl(pub(super) Secret<String>);

impl DatabaseUrl {
    /// The whole of it, to connect with.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl PartialEq for DatabaseUrl {
    fn eq(&self, other: &Self) -> bool {
        self.0.same_as(&other.0)
    }
}

impl Eq for DatabaseUrl {}

impl fmt::Display for DatabaseUrl {
    /// Without user, password and parameters.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.expose().split_once("://").unwrap_or_default();
        let place = rest.split(['?', '#']).next().unwrap_or_default();
        let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
        write!(out, "{scheme}://{place}")
    }
}

/// Which databases were named, each of which may be left open.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Places {
    /// Where records are kept: sqlite:PATH; postgres://user:password@host/database; mysql:// likewise; redis://host or rediss://host (TLS);
    /// redis-cluster://host:port,host:port; or memory: to forget them at the end. A password is better kept in the
    /// variable or the file, as processes are listed with their options [default: sqlite:testudo.db]
    #[arg(long, env = "TESTUDO_DATABASE", hide_env_values = true, value_name = "URL")]
    pub(super) database: Option<Database>,
    /// Where sessions are kept [default: as --database]
    #[arg(long, env = "TESTUDO_SESSIONS", hide_env_values = true, value_name = "URL")]
    pub(super) sessions: Option<Database>,
    /// Where attempts are counted [default: as --database]
    #[arg(long, env = "TESTUDO_LIMITS", hide_env_values = true, value_name = "URL")]
    pub(super) limits: Option<Database>,
    /// Where sign-ups and sign-ins are kept that are under way [default: as --sessions]
    #[arg(long, env = "TESTUDO_ONBOARDING_SESSIONS", hide_env_values = true, value_name = "URL")]
    pub(super) onboarding_sessions: Option<Database>,
}

impl Places {
    /// These, and `other`'s where these leave something open.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            database: self.database.or(other.database),
            sessions: self.sessions.or(other.sessions),
            limits: self.limits.or(other.limits),
            onboarding_sessions: self.onboarding_sessions.or(other.onboarding_sessions),
        }
    }

    /// What they come to.
    ///
    /// # Errors
    ///
    /// When a database cannot hold what it is to hold.
    pub(super) fn resolve(self) -> Result<Stores, Failure> {
        let main = self.database.unwrap_or_default();
        if let Database::Redis(place) = &main
            && place.buckets > 1
        {
            return Err(Failure::usage(
                "a Redis with several buckets holds sessions, limits and onboarding sessions only: name another database, or leave buckets out",
            ));
        }
        let sessions = self.sessions.unwrap_or_else(|| main.clone());
        let onboarding = self.onboarding_sessions.unwrap_or_else(|| sessions.clone());
        let limits = self.limits.unwrap_or_else(|| main.clone());
        Ok(Stores { main, sessions, onboarding, limits })
    }
}

/// Which part of the records is kept where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stores {
    main: Database,
    sessions: Database,
    onboarding: Database,
    limits: Database,
}

impl Stores {
    /// Where users and what is to be told are kept, and whatever has no place of its own.
    pub(crate) const fn main(&self) -> &Database {
        &self.main
    }

    /// The parts that are kept elsewhere, by what operators call them.
    pub(crate) fn elsewhere(&self) -> impl Iterator<Item = (&'static str, &Database)> {
        let all = [
            ("sessions", &self.sessions),
            ("onboarding sessions", &self.onboarding),
            ("limits", &self.limits),
        ];
        all.into_iter().filter(|(_, database)| **database != self.main)
    }

    /// The databases other than the main one, each once, with the parts that they hold.
    pub(crate) fn others(&self) -> Vec<(&Database, Vec<Part>)> {
        let mut others: Vec<(&Database, Vec<Part>)> = Vec::new();
        for (part, database) in [
            (Part::Sessions, &self.sessions),
            (Part::Onboarding, &self.onboarding),
            (Part::Counters, &self.limits),
        ] {
            if *database == self.main {
                continue;
            }
            match others.iter_mut().find(|(other, _)| *other == database) {
                Some((_, parts)) => parts.push(part),
                None => others.push((database, vec![part])),
            }
        }
        others
    }

    /// All databases, each once.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Database> {
        let others = self.others().into_iter().map(|(database, _)| database);
        std::iter::once(&self.main).chain(others.collect::<Vec<_>>())
    }

    /// Whether something is forgotten when the process ends.
    pub(crate) fn forget(&self) -> bool {
        self.all().any(|database| *database == Database::Memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(url: &str) -> Database {
        url.parse().unwrap()
    }

    #[test]
    fn a_database_is_read_from_its_url() {
        let sqlite = |path: &str| Database::Sqlite(PathBuf::from(path));
        assert_eq!(database("sqlite:a.db"), sqlite("a.db"));
        assert_eq!(database("sqlite:/var/a.db"), sqlite("/var/a.db"));
        assert_eq!(database("sqlite:///var/a.db"), sqlite("/var/a.db"));
        assert_eq!(database("memory:"), Database::Memory);
        for good in [
            "postgres://ada:x@db:5433/auth?schema=a&prefix=t_&connections=3",
            "postgresql://db/auth",
            "redis://h",
            "rediss://u:p@h:1/3?prefix=shop",
            "redis-cluster://a:1,b:2?buckets=64&replicas=1",
            "rediss-cluster://a:1,b:2?ssl-ca=/etc/redis/authority%201.pem",
            "mysql://ada:x@db/auth?prefix=t_",
            "mariadb://db/auth",
        ] {
            assert!(good.parse::<Database>().is_ok(), "{good}: {:?}", good.parse::<Database>());
        }
        for wrong in [
            "",
            "a.db",
            "memory",
            "memory:x",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a?b",
            "postgres:db",
            "redis:db",
            "postgres://db/a?connections=0",
            "redis:h",
            "redis://h?bucket=3",
            "redis://h?buckets=0",
            "redis://h?buckets=many",
            "redis://h?prefix=a b",
            "redis://h:port",
            "redis://h/xx",
            "redis-cluster://h:1,",
            "redis-cluster://h:1/3",
            "redis://h?ssl-ca=a.pem",
            "redis-cluster://h?ssl-ca=a.pem",
            "rediss://h?ssl-ca=",
            "rediss://h?ssl_ca=a.pem",
            "http://h",
        ] {
            assert!(wrong.parse::<Database>().is_err(), "{wrong:?} was taken");
        }
    }

    #[test]
    fn nothing_shows_a_password() {
        let rest = "ada:hunter2@db.example.com:1/x";
        for scheme in
            ["postgres", "postgresql", "mysql", "mariadb", "redis", "rediss", "redis-cluster"]
        {
            let url = format!("{scheme}://{rest}");
            let database: Database = match scheme {
                "redis-cluster" => database(&url.replace("/x", ",b:2")),
                "redis" | "rediss" => database(&url.replace("/x", "/3")),
                _ => database(&url),
            };
            let shown = format!("{database} {database:?}");
            assert!(shown.contains("db.example.com:1") && !shown.contains("hunter2"), "{shown}");
            assert!(!database.to_string().contains("ada"), "{database}");
        }
        for wrong in [
            "mysql://ada:hunter2@db:port/x",
            "paseto://ada:hunter2@db/x",
            "postgres://ada:hunter2@db:port/x",
            "redis://ada:hunter2@db/1?buckets=hunter2",
            "redis://ada:hunter2@db/hunter2",
            "redis-cluster://ada:hunter2@db:1,b:hunter2",
        ] {
            let error = wrong.parse::<Database>().unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn what_has_no_place_of_its_own_is_where_the_rest_is() {
        let resolve = |places: Places| places.resolve().unwrap();
        let main = || Some(database("sqlite:a.db"));
        let redis = || Some(database("redis://h"));
        let alone = resolve(Places { database: main(), ..Places::default() });
        assert_eq!((alone.others(), alone.elsewhere().count()), (Vec::new(), 0));
        let split = resolve(Places { database: main(), sessions: redis(), ..Places::default() });
        let redis_url = database("redis://h");
        assert_eq!(split.others(), [(&redis_url, vec![Part::Sessions, Part::Onboarding])]);
        let all = resolve(Places {
            database: main(),
            sessions: redis(),
            limits: redis(),
            onboarding_sessions: main(),
        });
        assert_eq!(all.others(), [(&redis_url, vec![Part::Sessions, Part::Counters])]);
        let whole = Places { database: Some(database("redis://h?buckets=2")), ..Places::default() };
        assert!(whole.resolve().is_err());
    }
}
