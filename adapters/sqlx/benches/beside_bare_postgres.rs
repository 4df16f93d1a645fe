//! `authenticate` beside a bare read of the session's row, `refresh` beside a bare guarded update of it, and a
//! sign-in beside a bare insert of a session, over one Postgres.
//!
//! What is bare is what an application would write without the library: one statement through a pool of sqlx that
//! tests no connection before it is used, the row fetched whole and not decoded. So the ratio shows all that is
//! ours. The server is a throwaway one on this machine that does not wait for its disk, which leaves nothing to hide
//! behind.
//!
//! ```console
//! cargo bench -p testudo-sqlx --features postgres --bench beside_bare_postgres
//! ```
//!
//! There is no hashing and no contention in these figures.

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]

#[path = "../../../benches/support/beside.rs"]
mod beside;

use beside::{Sample, report};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Row};
use testudo::flow::{Login, RegisterUser, SignedIn};
use testudo::testing::InsecureHasher;
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing};
use testudo_sqlx::PostgresStore;
use testudo_test_servers::Database;
use tokio::runtime::Runtime;

const SELECT: &str = "SELECT * FROM sessions WHERE id = $1";

const UPDATE: &str = "UPDATE sessions SET refreshed_at = $3, access_expires_at = $4, \
    generation = $5, refresh_digest = $6, access_digest = $7, version = version + 1 \
    WHERE id = $1 AND version = $2";

const INSERT: &str = "INSERT INTO sessions SELECT gen_random_uuid(), user_id, epoch, methods, auth_time, \
    client_ip, client_user_agent, created_at, refreshed_at, idle_timeout, expires_at, access_expires_at, \
    generation, chain_key, refresh_digest, access_digest, claims, ended_at, ended_reason, version \
    FROM sessions WHERE id = $1";

/// Other people with a session each. Of a table with one row a database makes another plan.
const OTHERS: usize = 2_000;
const READS: usize = 10_000;
const UPDATES: i64 = 2_000;
const SIGN_INS: usize = 1_000;

type Auths = Auth<PostgresStore, InlineHashing>;

fn main() {
    let database = Database::postgres().unwrap();
    let url = database.url().to_owned();
    let runtime = Runtime::new().unwrap();
    // As on a server, the work is a task and not the main thread's.
    let all = async move {
        let store = PostgresStore::open(&url).await.unwrap();
        let pool = PgPoolOptions::new().max_connections(16).test_before_acquire(false);
        let (auth, pool) = (auth(store), pool.connect(&url).await.unwrap());
        for number in 0..OTHERS {
            sign_in_as(&auth, &format!("user-{number}@example.com")).await;
        }
        sqlx::query("ANALYZE").execute(&pool).await.unwrap();
        authenticate(&auth, &pool).await;
        refresh(&auth, &pool).await;
        signing_in(&auth, &pool).await;
    };
    runtime.block_on(async { tokio::spawn(all).await.unwrap() });
}

async fn authenticate(auth: &Auths, pool: &PgPool) {
    let signed_in = sign_in(auth).await;
    let id = *signed_in.session.id.as_uuid();
    let (mut ours, mut bare) = (Sample::new(), Sample::new());
    for _ in 0..READS {
        ours.time(auth.authenticate(signed_in.tokens.access.expose())).await.unwrap();
        let select = sqlx::query(SELECT).bind(id).fetch_optional(pool);
        assert!(bare.time(select).await.unwrap().is_some());
    }
    report("authenticate, Postgres", &ours, "SELECT * FROM sessions WHERE id = $1", &bare);
}

async fn refresh(auth: &Auths, pool: &PgPool) {
    let mut tokens = sign_in(auth).await.tokens;
    let other = sign_in(auth).await.session;
    let id = *other.id.as_uuid();
    let select = sqlx::query(SELECT).bind(id).fetch_one(pool).await.unwrap();
    let first: i64 = select.get("version");
    let here = Client::unknown();
    let (mut ours, mut bare) = (Sample::new(), Sample::new());
    for generation in 0..UPDATES {
        tokens = ours.time(auth.refresh(tokens.refresh.expose(), &here)).await.unwrap().tokens;
        let update = sqlx::query(UPDATE)
            .bind(id)
            .bind(first + generation)
            .bind(other.refreshed_at.as_millis().cast_signed())
            .bind(other.access_expires_at.as_millis().cast_signed())
            .bind(1 + generation)
            .bind(&other.refresh_digest.as_bytes()[..])
            .bind(&other.access_digest.as_bytes()[..])
            .execute(pool);
        assert_eq!(bare.time(update).await.unwrap().rows_affected(), 1);
    }
    report("refresh, Postgres", &ours, "UPDATE sessions … WHERE id = $1 AND version = $2", &bare);
}

/// Counts two attempts, reads the user, and commits: four statements where the bare one is a part of the last.
async fn signing_in(auth: &Auths, pool: &PgPool) {
    let id = *sign_in(auth).await.session.id.as_uuid();
    let (mut ours, mut bare) = (Sample::new(), Sample::new());
    for _ in 0..SIGN_INS {
        ours.time(sign_in(auth)).await;
        let insert = sqlx::query(INSERT).bind(id).execute(pool);
        assert_eq!(bare.time(insert).await.unwrap().rows_affected(), 1);
    }
    report("sign-in without its hash, Postgres", &ours, "INSERT INTO sessions …", &bare);
}

fn auth(store: PostgresStore) -> Auths {
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    Auth::new(store, InlineHashing::new(InsecureHasher::current().chain()), settings)
}

async fn sign_in(auth: &Auths) -> SignedIn {
    sign_in_as(auth, "ada@example.com").await
}

/// A new session.
async fn sign_in_as(auth: &Auths, email: &str) -> SignedIn {
    let (password, here) = ("correct horse", Client::unknown());
    match auth.login(Login::new(email, password.into()), &here).await {
        Ok(result) => result.signed_in().unwrap(),
        Err(_) => {
            // The first time.
            auth.register_user(RegisterUser::new(email, password.into()), &here).await.unwrap();
            auth.login(Login::new(email, password.into()), &here)
                .await
                .unwrap()
                .signed_in()
                .unwrap()
        }
    }
}
