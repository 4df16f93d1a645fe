//! What a stopwatch learns from requests for a link that resets a password: how long they take for an
//! address with an account, for one that nobody has, and for that of an inactive account.
//!
//! All are tried in turn, many times, over SQLite; first as they are, then answered no sooner than after 25
//! ms, as the server does. No hash is computed, so that there is nothing for a difference to hide behind. Welch's t says whether two means differ (below 4.5 in size is what noise
//! gives), the ratio of medians by how much.
//!
//! ```console
//! cargo bench -p testudo-tokio --bench forgotten_passwords
//! ```

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/stopwatch.rs"]
mod stopwatch;

use std::time::{Duration, Instant};

use testudo::command::{Commit, UserKey, Write};
use testudo::flow::RegisterUser;
use testudo::model::{AttemptKey, Email, EmailKey};
use testudo::password::HasherChain;
use testudo::{Client, KeyRing, Policy, Settings};
use testudo_driver::{Auth, InlineHashing, Store as _};
use testudo_sqlx::SqliteStore;
use testudo_tokio::no_sooner;
use tokio::runtime::Runtime;

/// How many samples of each kind, and after what time they are answered.
const RUNS: [(usize, Duration); 2] = [(2000, Duration::ZERO), (1000, Duration::from_millis(25))];

/// The first one is what the others are held against.
const KINDS: [(&str, &str); 3] = [
    ("an account", "ada@example.com"),
    ("nobody", "eve@example.com"),
    ("an inactive account", "ida@example.com"),
];

type Service = Auth<SqliteStore, InlineHashing>;

fn main() {
    Runtime::new().unwrap().block_on(async { tokio::spawn(compare()).await.unwrap() });
}

async fn compare() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let auth = service(SqliteStore::open(directory.path().join("records.db")).await.unwrap());
    make_accounts(&auth).await;
    for (count, answered_after) in RUNS {
        println!("answered after {answered_after:?}");
        let mut samples = sample(&auth, count, answered_after).await;
        stopwatch::report(&KINDS.map(|(name, _)| name), &mut samples);
    }
}

async fn sample(auth: &Service, count: usize, answered_after: Duration) -> [Vec<f64>; KINDS.len()] {
    let mut samples = [const { Vec::new() }; KINDS.len()];
    for turn in 0..count.saturating_add(20) {
        // Each kind is first, second and third equally often.
        let mut order: Vec<_> = KINDS.iter().zip(&mut samples).collect();
        order.rotate_left(turn % KINDS.len());
        for ((_, email), samples) in order {
            let taken = asked(auth, email, answered_after).await;
            // The first ones warm up.
            if turn >= 20 {
                samples.push(taken);
            }
        }
    }
    samples
}

fn service(store: SqliteStore) -> Service {
    let keys = KeyRing::parse("a-secret-of-benches-and-of-nothing-else-7Kq2").unwrap();
    let settings = Settings::new(Policy::default(), keys).unwrap();
    Auth::new(store, InlineHashing::new(HasherChain::standard()), settings)
}

async fn make_accounts(auth: &Service) {
    let here = Client::unknown();
    for (_, email) in KINDS.iter().filter(|(name, _)| *name != "nobody") {
        let request = RegisterUser { password: None, ..RegisterUser::new(*email, "".into()) };
        auth.register_user(request, &here).await.unwrap();
    }
    auth.admin().deactivate(UserKey::Email(key("ida@example.com")), &here).await.unwrap();
}

fn key(email: &str) -> EmailKey {
    email.parse::<Email>().unwrap().key().clone()
}

/// How long a request takes, in milliseconds. What it counted is forgotten afterwards.
async fn asked(auth: &Service, email: &str, answered_after: Duration) -> f64 {
    let begun = Instant::now();
    let client = Client::unknown();
    no_sooner(answered_after, auth.request_password_reset(email, &client)).await.unwrap();
    let taken = begun.elapsed().as_secs_f64() * 1000.0;
    let writes = vec![Write::ClearAttempts(AttemptKey::password_reset(&key(email)))];
    auth.store().commit(Commit { writes, ..Commit::default() }).await.unwrap().unwrap();
    taken
}
