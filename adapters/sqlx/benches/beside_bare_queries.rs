//! `authenticate` beside a bare read of the session's row, and `refresh` beside a bare guarded update of
//! it, over one SQLite file; and `authenticate` in memory.
//!
//! What is bare is what an application would write without the library, on pools with the settings of
//! [`SqliteStore`]'s: one statement, the row fetched whole and not decoded, the update durable when it
//! returns. So the ratio shows all that is ours: the flow, the driver, the standing of the user (a join
//! or a guard), reading and binding every column; and for a refresh, the read before the write.
//!
//! ```console
//! cargo bench -p testudo-sqlx --features sqlite
//! ```
//!
//! There is no hashing and no contention in these figures.

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]

#[path = "../../../benches/support/beside.rs"]
mod beside;

use std::path::Path;
use std::time::Duration;

use beside::{Sample, report, show};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlitePool};
use testudo::flow::{Login, RegisterUser, SignedIn};
use testudo::testing::InsecureHasher;
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing, Store};
use testudo_memory::MemoryStore;
use testudo_sqlx::SqliteStore;
use tokio::runtime::Runtime;

const SELECT: &str = "SELECT * FROM sessions WHERE id = ?1";

const UPDATE: &str = "UPDATE sessions SET refreshed_at = ?3, access_expires_at = ?4, \
    generation = ?5, refresh_digest = ?6, access_digest = ?7, version = version + 1 \
    WHERE id = ?1 AND version = ?2";

const OTHER_SESSIONS: usize = 2_000;
const READS: usize = 20_000;
const UPDATES: i64 = 1_000;

fn main() {
    let runtime = Runtime::new().unwrap();
    // As on a server, the work is a task and not the main thread's.
    let all = async {
        authenticate_in_memory().await;
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = directory.path().join("records.db");
        let auth = auth(SqliteStore::open(&file).await.unwrap());
        for _ in 0..OTHER_SESSIONS {
            sign_in(&auth).await;
        }
        authenticate(&auth, &file).await;
        refresh(&auth, &file).await;
    };
    runtime.block_on(async { tokio::spawn(all).await.unwrap() });
}

async fn authenticate_in_memory() {
    let auth = auth(MemoryStore::new());
    let signed_in = sign_in(&auth).await;
    let (mut ours, mut bare) = (Sample::new(), Sample::new());
    for _ in 0..READS {
        let id = signed_in.session.id;
        ours.time(auth.authenticate(signed_in.tokens.access.expose())).await.unwrap();
        let find = testudo::command::FindSession { id };
        bare.time(auth.store().find_session(find)).await.unwrap();
    }
    report("authenticate, in memory", &ours, "look the record up", &bare);
}

async fn authenticate(auth: &Auth<SqliteStore, InlineHashing>, file: &Path) {
    let pool = readers(file).await;
    let signed_in = sign_in(auth).await;
    let id = signed_in.session.id.as_uuid().as_bytes().to_vec();
    let (mut ours, mut bare) = (Sample::new(), Sample::new());
    for _ in 0..READS {
        ours.time(auth.authenticate(signed_in.tokens.access.expose())).await.unwrap();
        let select = sqlx::query(SELECT).bind(&id).fetch_optional(&pool);
        assert!(bare.time(select).await.unwrap().is_some());
    }
    report("authenticate, SQLite", &ours, "SELECT * FROM sessions WHERE id = ?", &bare);
}

async fn refresh(auth: &Auth<SqliteStore, InlineHashing>, file: &Path) {
    let pool = writer(file).await;
    let mut tokens = sign_in(auth).await.tokens;
    let other = sign_in(auth).await.session;
    let id = other.id.as_uuid().as_bytes().to_vec();
    let select = sqlx::query(SELECT).bind(&id).fetch_one(&pool).await.unwrap();
    let first: i64 = select.get("version");
    let here = Client::unknown();
    let (mut ours, mut bare, mut read) = (Sample::new(), Sample::new(), Sample::new());
    for generation in 0..UPDATES {
        tokens = ours.time(auth.refresh(tokens.refresh.expose(), &here)).await.unwrap().tokens;
        let update = sqlx::query(UPDATE)
            .bind(&id)
            .bind(first + generation)
            .bind(other.refreshed_at.as_millis().cast_signed())
            .bind(other.access_expires_at.as_millis().cast_signed())
            .bind(1 + generation)
            .bind(&other.refresh_digest.as_bytes()[..])
            .bind(&other.access_digest.as_bytes()[..])
            .execute(&pool);
        assert_eq!(bare.time(update).await.unwrap().rows_affected(), 1);
        // What a refresh begins with: a read by a connection whose pages the last write made stale.
        read.time(auth.authenticate(tokens.access.expose())).await.unwrap();
    }
    show("authenticate, SQLite, right after a write", &read);
    report("refresh, SQLite", &ours, "UPDATE sessions … WHERE id = ? AND version = ?", &bare);
}

fn auth<S: Store>(store: S) -> Auth<S, InlineHashing> {
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    Auth::new(store, InlineHashing::new(InsecureHasher::current().chain()), settings)
}

/// A new session of the one user there is.
async fn sign_in<S: Store>(auth: &Auth<S, InlineHashing>) -> SignedIn {
    let (email, password, here) = ("ada@example.com", "correct horse", Client::unknown());
    // Refused, except for the first time.
    let _ = auth.register_user(RegisterUser::new(email, password.into()), &here).await;
    auth.login(Login::new(email, password.into()), &here).await.unwrap().signed_in().unwrap()
}

async fn readers(file: &Path) -> SqlitePool {
    pool(4).connect_with(options(file).read_only(true)).await.unwrap()
}

async fn writer(file: &Path) -> SqlitePool {
    pool(1).connect_with(options(file)).await.unwrap()
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
}

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}
