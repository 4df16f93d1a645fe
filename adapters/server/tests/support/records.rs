//! What a server keeps.

use testudo::command::Part;
use testudo_driver::{SharedStore, Split};
use testudo_redis::RedisOptions;
use testudo_sqlx::{MySqlStore, PostgresStore, SqliteStore};

use super::process::Site;

/// Opens what a server keeps, beside it.
pub(crate) async fn records(site: &Site) -> SharedStore {
    let named = |name: &str| {
        let mut variables = site.stores().variables();
        variables.find(|(variable, _)| *variable == name).map(|(_, url)| url.to_owned())
    };
    let database = match named("TESTUDO_DATABASE") {
        Some(url) => open(&url).await,
        None => SharedStore::new(SqliteStore::open(site.path("testudo.db")).await.unwrap()),
    };
    match named("TESTUDO_SESSIONS") {
        Some(url) => {
            let parts = [Part::Sessions, Part::Counters, Part::Onboarding];
            SharedStore::new(Split::new(database).place(parts, open(&url).await))
        }
        None => database,
    }
}

async fn open(url: &str) -> SharedStore {
    let (address, prefix) = url.split_once("?prefix=").unwrap_or((url, ""));
    match address.split(':').next().unwrap() {
        "redis" | "redis-cluster" => {
            let options = RedisOptions::new().prefix(prefix);
            SharedStore::new(options.open(address).await.unwrap())
        }
        "mysql" => SharedStore::new(MySqlStore::open(url).await.unwrap()),
        "postgres" => SharedStore::new(PostgresStore::open(url).await.unwrap()),
        other => panic!("{other} cannot be opened"),
    }
}
