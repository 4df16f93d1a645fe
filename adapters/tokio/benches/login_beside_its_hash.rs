//! A login beside the hash that it cannot do without: one Argon2id of 64 MiB, 3 passes and 4 lanes, in
//! a buffer that is used again.
//!
//! The login is all of it: through `Auth`, on a tokio runtime, over SQLite with every write durable,
//! hashed by [`HashingPool`]. It counts against account and network and writes the user, the session and
//! the event. The bare hash is the same verification of the same stored hash, called directly. Between
//! the two stands the verification by the pool alone: what its threads and their low priority cost.
//!
//! ```console
//! cargo bench -p testudo-tokio
//! ```

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]

#[path = "../../../benches/support/beside.rs"]
mod beside;

use beside::{Sample, report};
use testudo::command::{Against, PasswordVerdict, VerifyPassword};
use testudo::flow::{Login, RegisterUser};
use testudo::password::{HasherChain, WorkBuffer};
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, Hashing as _};
use testudo_sqlx::SqliteStore;
use testudo_tokio::HashingPool;
use tokio::runtime::Runtime;

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";
const RUNS: usize = 40;

fn main() {
    let runtime = Runtime::new().unwrap();
    // As on a server, the work is a task and not the main thread's.
    runtime.block_on(async { tokio::spawn(login()).await.unwrap() });
}

async fn login() {
    // Not where temporary files are: that may be memory, where nothing is ever durable.
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = SqliteStore::open(directory.path().join("records.db")).await.unwrap();
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    let pool = HashingPool::new(HasherChain::standard());
    let auth = Auth::new(store, pool.clone(), settings);
    let here = Client::unknown().with_ip([192, 0, 2, 1].into()).with_user_agent("a bench");
    let account = RegisterUser::new(EMAIL, PASSWORD.into());
    let stored = auth.register_user(account, &here).await.unwrap().password;

    let (chain, mut work) = (HasherChain::standard(), WorkBuffer::new());
    let command =
        || VerifyPassword { password: PASSWORD.into(), against: Against::Stored(stored.clone()) };
    let mut hash = async || {
        let verdict = chain.verify(&command(), &mut work);
        assert_eq!(verdict.unwrap(), PasswordVerdict::Valid { outdated: false });
    };
    let in_pool = async || pool.verify_password(command()).await.unwrap();
    let login = async || {
        auth.login(Login::new(EMAIL, PASSWORD.into()), &here).await.unwrap().signed_in().unwrap()
    };
    // Untimed, so that both have their memory.
    hash().await;
    login().await;
    let (mut all, mut pooled, mut bare) = (Sample::new(), Sample::new(), Sample::new());
    for _ in 0..RUNS {
        all.time(login()).await;
        pooled.time(in_pool()).await;
        bare.time(hash()).await;
    }
    report("login, SQLite and HashingPool", &all, "its hash", &bare);
    report("its hash in HashingPool", &pooled, "its hash", &bare);
}
