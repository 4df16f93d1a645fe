//! What a stopwatch learns from refused logins: how long they take for an account with a wrong password,
//! for an address that nobody has, for an inactive account and for one without a password.
//!
//! All are tried in turn, many times, over SQLite. Welch's t says whether two means differ (below 4.5 in
//! size is what noise gives), the ratio of medians by how much. Hashing has the least settings that the
//! library allows, so that there is little for a difference to hide behind.
//!
//! ```console
//! cargo bench -p testudo-tokio --bench refused_logins
//! ```

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/stopwatch.rs"]
mod stopwatch;

use std::time::Instant;

use testudo::command::{Commit, UserKey, Write};
use testudo::flow::{Login, RegisterUser};
use testudo::model::{AttemptKey, Email};
use testudo::password::{Argon2id, HasherChain, Password};
use testudo::{Client, KeyRing, Policy, Refusal, Settings};
use testudo_driver::{Auth, AuthError, InlineHashing, Store as _};
use testudo_sqlx::SqliteStore;
use tokio::runtime::Runtime;

const PASSWORD: &str = "correct horse battery";

/// Samples of each kind.
const SAMPLES: usize = 1000;

/// The first one is what the others are held against.
const KINDS: [(&str, &str, &str); 4] = [
    ("wrong password", "ada@example.com", "a wrong guess"),
    ("unknown address", "eve@example.com", PASSWORD),
    ("inactive, right password", "ida@example.com", PASSWORD),
    ("no password", "uma@example.com", PASSWORD),
];

type Service = Auth<SqliteStore, InlineHashing>;

fn main() {
    Runtime::new().unwrap().block_on(async { tokio::spawn(compare()).await.unwrap() });
}

async fn compare() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let auth = service(SqliteStore::open(directory.path().join("records.db")).await.unwrap());
    make_accounts(&auth).await;
    let mut samples = [const { Vec::new() }; KINDS.len()];
    for turn in 0..SAMPLES.saturating_add(20) {
        for (kind, samples) in KINDS.iter().zip(&mut samples) {
            let taken = refused(&auth, kind.1, kind.2).await;
            // The first ones warm up.
            if turn >= 20 {
                samples.push(taken);
            }
        }
    }
    stopwatch::report(&KINDS.map(|(name, ..)| name), &mut samples);
}

fn service(store: SqliteStore) -> Service {
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    let hasher = Argon2id::new(12_288, 3, 1).unwrap();
    Auth::new(store, InlineHashing::new(HasherChain::new(hasher)), settings)
}

async fn make_accounts(auth: &Service) {
    let here = Client::unknown();
    for (_, email, _) in KINDS.iter().filter(|(name, ..)| *name != "unknown address") {
        let password = (*email != "uma@example.com").then(|| Password::from(PASSWORD));
        let request = RegisterUser { password, ..RegisterUser::new(*email, PASSWORD.into()) };
        auth.register_user(request, &here).await.unwrap();
    }
    auth.admin().deactivate(UserKey::Email(key("ida@example.com")), &here).await.unwrap();
}

fn key(email: &str) -> testudo::model::EmailKey {
    email.parse::<Email>().unwrap().key().clone()
}

/// How long a refused login takes, in milliseconds. What it counted is forgotten afterwards.
async fn refused(auth: &Service, email: &str, password: &str) -> f64 {
    let request = Login::new(email, password.into());
    let begun = Instant::now();
    let answer = auth.login(request, &Client::unknown()).await;
    let taken = begun.elapsed().as_secs_f64() * 1000.0;
    assert!(matches!(answer, Err(AuthError::Refused(Refusal::InvalidCredentials))));
    let writes = vec![Write::ClearAttempts(AttemptKey::login_account(&key(email)))];
    auth.store().commit(Commit { writes, ..Commit::default() }).await.unwrap().unwrap();
    taken
}
