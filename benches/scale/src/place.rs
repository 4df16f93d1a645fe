//! Where records are kept.

use std::sync::Arc;

use clap::ValueEnum;
use tempfile::TempDir;
use testudo::command::{FindUser, UserKey};
use testudo::flow::RegisterUser;
use testudo::testing::InsecureHasher;
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing, SharedStore, Store as _};
use testudo_redis::RedisOptions;
use testudo_sqlx::{MySqlStore, PostgresStore, SqliteStore};
use testudo_test_servers::{Database, MariaDb, Options, Postgres, Redis};

use crate::bare::{self, Bare};
use crate::filling::fill;
use crate::people::{Maker, PASSWORD, SignedTokens};

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    Mariadb,
    Redis,
}

/// The server of a kind, if it has one: where each size gets a database of its own.
pub(crate) enum Ground {
    Files(TempDir),
    Postgres(Postgres),
    MariaDb(MariaDb),
    Redis(Redis),
}

/// A database of one size, filled.
pub(crate) struct Place {
    pub(crate) size: usize,
    pub(crate) auth: Auth<SharedStore, InlineHashing>,
    pub(crate) maker: Maker,
    pub(crate) bare: Bare,
    /// Of sessions that are spread over the whole store.
    pub(crate) tokens: Vec<SignedTokens>,
}

impl Ground {
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            // Not where temporary files are: that may be memory, where nothing is ever durable.
            Kind::Sqlite => Self::Files(tempfile::tempdir_in(".").unwrap()),
            // As much memory as a small server has, so that what grows is not what a disk costs.
            Kind::Postgres => {
                let options = Options::durable().argument("-c").argument("shared_buffers=2GB");
                Self::Postgres(Postgres::start_with(&options).unwrap())
            }
            Kind::Mariadb => {
                let options = Options::durable().argument("--innodb-buffer-pool-size=2G");
                Self::MariaDb(MariaDb::start_with(&options).unwrap())
            }
            Kind::Redis => Self::Redis(Redis::start_with(&Options::durable()).unwrap()),
        }
    }

    /// Opens an empty database; how many commits it is filled by at once.
    async fn open(&self, size: usize) -> (SharedStore, Bare, usize) {
        match self {
            Self::Files(directory) => {
                let file = directory.path().join(format!("{size}.db"));
                let store = SqliteStore::open(&file).await.unwrap();
                (SharedStore::new(store), Bare::sqlite(&file).await, 1)
            }
            Self::Postgres(server) => {
                let database = Database::on_postgres(server.url()).unwrap();
                let url = database.url().to_owned();
                // It goes with the server.
                std::mem::forget(database);
                let store = PostgresStore::open(&url).await.unwrap();
                (SharedStore::new(store), Bare::postgres(&url).await, 4)
            }
            Self::MariaDb(server) => {
                let database = Database::on_mysql(server.url()).unwrap();
                let url = database.url().to_owned();
                // It goes with the server.
                std::mem::forget(database);
                let store = MySqlStore::open(&url).await.unwrap();
                (SharedStore::new(store), Bare::mysql(&url).await, 4)
            }
            Self::Redis(server) => {
                let prefix = format!("scale{size}");
                let options = RedisOptions::new().prefix(&prefix);
                let store = options.open(server.url()).await.unwrap();
                (SharedStore::new(store), Bare::redis(server.url(), prefix).await, 4)
            }
        }
    }

    pub(crate) async fn fill(&self, size: usize) -> Place {
        let (store, bare, at_once) = self.open(size).await;
        let auth = Auth::new(store, hashing(), settings());
        let maker = maker(&auth).await;
        let what = format!("filling {size}");
        let tokens = fill(auth.store(), &maker, size, at_once, &what).await;
        bare.analyse().await;
        Place { size, auth, maker, bare, tokens }
    }

    /// Bytes that the server holds, where it keeps everything in memory.
    pub(crate) async fn memory(&self) -> Option<u64> {
        match self {
            Self::Files(_) | Self::Postgres(_) | Self::MariaDb(_) => None,
            Self::Redis(server) => Some(bare::redis_memory(server.url()).await),
        }
    }
}

async fn maker(auth: &Auth<SharedStore, InlineHashing>) -> Maker {
    let email = "template@example.com";
    let here = Client::unknown();
    auth.register_user(RegisterUser::new(email, PASSWORD.into()), &here).await.unwrap();
    let email: testudo::model::Email = email.parse().unwrap();
    let find = FindUser { key: UserKey::Email(email.key().clone()) };
    let template = auth.store().find_user(find).await.unwrap().unwrap();
    Maker::new(Arc::new(settings()), template)
}

/// What a hash costs is not the question.
fn hashing() -> InlineHashing {
    InlineHashing::new(InsecureHasher::current().chain())
}

fn settings() -> Settings {
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    Settings::new(Policy::default(), keys).unwrap()
}
