//! `authenticate` beside a bare read of the session's row, `refresh` beside a bare guarded update of it, and a
//! sign-in beside a bare insert of a session, over one Postgres and over one MariaDB.
//!
//! What is bare is what an application would write without the library: one statement through a pool of sqlx that
//! tests no connection before it is used, the row fetched whole and not decoded. The read is also done on a
//! connection without any pool, which is the least that there can be. So the ratios show all that is ours. Servers
//! are throwaway ones on this machine that do not wait for their disk, which leaves nothing to hide behind.
//!
//! ```console
//! cargo bench -p testudo-sqlx --features postgres,mysql --bench beside_bare_servers
//! ```
//!
//! There is no hashing and no contention in these figures.

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]

#[path = "../../../benches/support/beside.rs"]
mod beside;

use beside::{Sample, report};
use sqlx::mysql::{MySqlPool, MySqlPoolOptions};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{MySql, Postgres};
use testudo::flow::{Login, RegisterUser, SignedIn};
use testudo::model::Session;
use testudo::testing::InsecureHasher;
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing, Store};
use testudo_sqlx::{MySqlStore, PostgresStore};
use testudo_test_servers::Database;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// Other people with a session each. Of a table with one row a database makes another plan.
const OTHERS: usize = 2_000;
const READS: usize = 10_000;
const UPDATES: usize = 2_000;
const SIGN_INS: usize = 1_000;

/// So many of one kind follow each other. A pool of sqlx asks the server after each command whether it is still
/// there, which is to be in the way of its own next one and not of the library's.
const BURST: usize = 50;

type Auths<S> = Auth<S, InlineHashing>;

fn main() {
    let runtime = Runtime::new().unwrap();
    // As on a server, the work is a task and not the main thread's.
    runtime.block_on(async {
        tokio::spawn(async {
            let database = Database::postgres().unwrap();
            let auth = auth(PostgresStore::open(database.url()).await.unwrap());
            fill(&auth).await;
            compare("Postgres", &auth, &BarePostgres::open(database.url()).await).await;
        })
        .await
        .unwrap();
        tokio::spawn(async {
            let database = Database::mysql().unwrap();
            let auth = auth(MySqlStore::open(database.url()).await.unwrap());
            fill(&auth).await;
            compare("MariaDB", &auth, &BareMySql::open(database.url()).await).await;
        })
        .await
        .unwrap();
    });
}

/// What an application would write itself.
trait Bare: Sync {
    type Connection: Send;

    /// A connection that belongs to nobody else.
    fn apart(&self) -> impl Future<Output = Self::Connection> + Send;
    fn read_on(
        &self,
        connection: &mut Self::Connection,
        id: Uuid,
    ) -> impl Future<Output = bool> + Send;
    fn read(&self, id: Uuid) -> impl Future<Output = bool> + Send;
    /// Guarded by the version, which counts up from that of the session.
    fn update(&self, session: &Session, turn: u32) -> impl Future<Output = u64> + Send;
    /// A copy of a session.
    fn insert(&self, id: Uuid) -> impl Future<Output = u64> + Send;
}

async fn compare<S: Store, B: Bare>(name: &str, auth: &Auths<S>, bare: &B) {
    authenticate(name, auth, bare).await;
    refresh(name, auth, bare).await;
    signing_in(name, auth, bare).await;
}

async fn authenticate<S: Store, B: Bare>(name: &str, auth: &Auths<S>, bare: &B) {
    let signed_in = sign_in(auth).await;
    let id = *signed_in.session.id.as_uuid();
    let mut connection = bare.apart().await;
    let (mut ours, mut pooled, mut alone) = (Sample::new(), Sample::new(), Sample::new());
    for _ in 0..READS / BURST {
        for _ in 0..BURST {
            ours.time(auth.authenticate(signed_in.tokens.access.expose())).await.unwrap();
        }
        for _ in 0..BURST {
            assert!(pooled.time(bare.read(id)).await);
        }
        for _ in 0..BURST {
            assert!(alone.time(bare.read_on(&mut connection, id)).await);
        }
    }
    let name = format!("authenticate, {name}");
    report(&name, &ours, "SELECT * FROM sessions WHERE id = …, with a pool", &pooled);
    report(&name, &ours, "the same on one connection", &alone);
}

async fn refresh<S: Store, B: Bare>(name: &str, auth: &Auths<S>, bare: &B) {
    let mut tokens = sign_in(auth).await.tokens;
    let other = sign_in(auth).await.session;
    let here = Client::unknown();
    let (mut ours, mut updates) = (Sample::new(), Sample::new());
    let mut turn = 0;
    for _ in 0..UPDATES / BURST {
        for _ in 0..BURST {
            tokens = ours.time(auth.refresh(tokens.refresh.expose(), &here)).await.unwrap().tokens;
        }
        for _ in 0..BURST {
            assert_eq!(updates.time(bare.update(&other, turn)).await, 1);
            turn += 1;
        }
    }
    let update = "UPDATE sessions … WHERE id = … AND version = …";
    report(&format!("refresh, {name}"), &ours, update, &updates);
}

/// Counts two attempts, reads the user, and commits, where the bare one is a part of the last.
async fn signing_in<S: Store, B: Bare>(name: &str, auth: &Auths<S>, bare: &B) {
    let id = *sign_in(auth).await.session.id.as_uuid();
    let (mut ours, mut inserts) = (Sample::new(), Sample::new());
    for _ in 0..SIGN_INS / BURST {
        for _ in 0..BURST {
            ours.time(sign_in(auth)).await;
        }
        for _ in 0..BURST {
            assert_eq!(inserts.time(bare.insert(id)).await, 1);
        }
    }
    let name = format!("sign-in without its hash, {name}");
    report(&name, &ours, "INSERT INTO sessions …", &inserts);
}

struct BarePostgres(PgPool);

impl BarePostgres {
    async fn open(url: &str) -> Self {
        let pool = PgPoolOptions::new().max_connections(16).test_before_acquire(false);
        let pool = pool.connect(url).await.unwrap();
        sqlx::query("ANALYZE").execute(&pool).await.unwrap();
        Self(pool)
    }
}

impl Bare for BarePostgres {
    type Connection = PoolConnection<Postgres>;

    async fn apart(&self) -> PoolConnection<Postgres> {
        self.0.acquire().await.unwrap()
    }

    async fn read_on(&self, connection: &mut PoolConnection<Postgres>, id: Uuid) -> bool {
        let select = sqlx::query("SELECT * FROM sessions WHERE id = $1").bind(id);
        select.fetch_optional(&mut **connection).await.unwrap().is_some()
    }

    async fn read(&self, id: Uuid) -> bool {
        let select = sqlx::query("SELECT * FROM sessions WHERE id = $1").bind(id);
        select.fetch_optional(&self.0).await.unwrap().is_some()
    }

    async fn update(&self, session: &Session, turn: u32) -> u64 {
        let update = "UPDATE sessions SET refreshed_at = $3, access_expires_at = $4, \
            generation = $5, refresh_digest = $6, access_digest = $7, version = version + 1 \
            WHERE id = $1 AND version = $2";
        let values = Values::of(session, turn);
        sqlx::query(update)
            .bind(session.id.as_uuid())
            .bind(values.version)
            .bind(values.refreshed_at)
            .bind(values.access_expires_at)
            .bind(values.generation)
            .bind(values.digest)
            .bind(values.digest)
            .execute(&self.0)
            .await
            .unwrap()
            .rows_affected()
    }

    async fn insert(&self, id: Uuid) -> u64 {
        let insert = "INSERT INTO sessions SELECT gen_random_uuid(), user_id, epoch, methods, auth_time, \
            client_ip, client_user_agent, created_at, refreshed_at, idle_timeout, expires_at, access_expires_at, \
            generation, chain_key, refresh_digest, access_digest, claims, ended_at, ended_reason, version \
            FROM sessions WHERE id = $1";
        sqlx::query(insert).bind(id).execute(&self.0).await.unwrap().rows_affected()
    }
}

struct BareMySql(MySqlPool);

impl BareMySql {
    async fn open(url: &str) -> Self {
        let pool = MySqlPoolOptions::new().max_connections(16).test_before_acquire(false);
        Self(pool.connect(url).await.unwrap())
    }
}

impl Bare for BareMySql {
    type Connection = PoolConnection<MySql>;

    async fn apart(&self) -> PoolConnection<MySql> {
        self.0.acquire().await.unwrap()
    }

    async fn read_on(&self, connection: &mut PoolConnection<MySql>, id: Uuid) -> bool {
        let id = id.as_bytes().to_vec();
        let select = sqlx::query("SELECT * FROM sessions WHERE id = ?").bind(id);
        select.fetch_optional(&mut **connection).await.unwrap().is_some()
    }

    async fn read(&self, id: Uuid) -> bool {
        let id = id.as_bytes().to_vec();
        let select = sqlx::query("SELECT * FROM sessions WHERE id = ?").bind(id);
        select.fetch_optional(&self.0).await.unwrap().is_some()
    }

    async fn update(&self, session: &Session, turn: u32) -> u64 {
        let update = "UPDATE sessions SET refreshed_at = ?, access_expires_at = ?, \
            generation = ?, refresh_digest = ?, access_digest = ?, version = version + 1 \
            WHERE id = ? AND version = ?";
        let values = Values::of(session, turn);
        sqlx::query(update)
            .bind(values.refreshed_at)
            .bind(values.access_expires_at)
            .bind(values.generation)
            .bind(values.digest)
            .bind(values.digest)
            .bind(&session.id.as_uuid().as_bytes()[..])
            .bind(values.version)
            .execute(&self.0)
            .await
            .unwrap()
            .rows_affected()
    }

    async fn insert(&self, id: Uuid) -> u64 {
        let insert = "INSERT INTO sessions SELECT UNHEX(REPLACE(UUID(), '-', '')), user_id, epoch, methods, auth_time, \
            client_ip, client_user_agent, created_at, refreshed_at, idle_timeout, expires_at, access_expires_at, \
            generation, chain_key, refresh_digest, access_digest, claims, ended_at, ended_reason, version \
            FROM sessions WHERE id = ?";
        sqlx::query(insert).bind(&id.as_bytes()[..]).execute(&self.0).await.unwrap().rows_affected()
    }
}

/// What a refresh changes.
struct Values<'a> {
    version: i64,
    refreshed_at: i64,
    access_expires_at: i64,
    generation: i64,
    digest: &'a [u8],
}

impl<'a> Values<'a> {
    fn of(session: &'a Session, turn: u32) -> Self {
        Self {
            version: session.version.get().cast_signed() + i64::from(turn),
            refreshed_at: session.refreshed_at.as_millis().cast_signed(),
            access_expires_at: session.access_expires_at.as_millis().cast_signed(),
            generation: 1 + i64::from(turn),
            digest: &session.refresh_digest.as_bytes()[..],
        }
    }
}

fn auth<S: Store>(store: S) -> Auths<S> {
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    Auth::new(store, InlineHashing::new(InsecureHasher::current().chain()), settings)
}

async fn fill<S: Store>(auth: &Auths<S>) {
    for number in 0..OTHERS {
        sign_in_as(auth, &format!("user-{number}@example.com")).await;
    }
}

async fn sign_in<S: Store>(auth: &Auths<S>) -> SignedIn {
    sign_in_as(auth, "ada@example.com").await
}

/// A new session.
async fn sign_in_as<S: Store>(auth: &Auths<S>, email: &str) -> SignedIn {
    let (password, here) = ("correct horse", Client::unknown());
    let login = || auth.login(Login::new(email, password.into()), &here);
    match login().await {
        Ok(result) => result.signed_in().unwrap(),
        Err(_) => {
            // The first time.
            auth.register_user(RegisterUser::new(email, password.into()), &here).await.unwrap();
            login().await.unwrap().signed_in().unwrap()
        }
    }
}
