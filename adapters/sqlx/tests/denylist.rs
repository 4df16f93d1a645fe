//! JWTs with a denylist over the SQLite store, on a real file.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests panic")]

use std::sync::Arc;

use testudo::flow::{ChangePassword, Login, RegisterUser, SignedIn};
use testudo::testing::InsecureHasher;
use testudo::token::backend::JwtBackend;
use testudo::{Client, KeyRing, Policy, Refusal, Settings};
use testudo_driver::{Auth, AuthError, InlineHashing};
use testudo_sqlx::SqliteStore;

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

type Auths = Auth<SqliteStore, InlineHashing>;

async fn with_ada(directory: &tempfile::TempDir) -> Arc<Auths> {
    let store = SqliteStore::open(&directory.path().join("records.db")).await.expect("a store");
    let keys = KeyRing::parse("a-secret-of-tests-and-of-nothing-else-7Kq2").unwrap();
    let tokens = JwtBackend::hs256(&keys).unwrap().with_denylist();
    let settings = Settings::new(Policy::default(), keys).unwrap().with_tokens(Arc::new(tokens));
    let auth = Auth::new(store, InlineHashing::new(InsecureHasher::current().chain()), settings);
    auth.register_user(RegisterUser::new(ADA, PASSWORD.into()), &Client::unknown()).await.unwrap();
    Arc::new(auth)
}

async fn sign_in(auth: &Auths) -> SignedIn {
    auth.login(Login::new(ADA, PASSWORD.into()), &Client::unknown())
        .await
        .unwrap()
        .signed_in()
        .unwrap()
}

fn refusal<T>(result: Result<T, AuthError>) -> Option<Refusal> {
    match result {
        Err(AuthError::Refused(refusal)) => Some(refusal),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_50_parallel_first_refreshes_one_makes_the_row_and_all_get_its_pair() {
    let directory = tempfile::tempdir().unwrap();
    let auth = with_ada(&directory).await;
    let start = sign_in(&auth).await.tokens;
    let refreshes = (0..50).map(|_| {
        let (auth, token) = (Arc::clone(&auth), start.refresh.clone());
        tokio::spawn(async move { auth.refresh(token.expose(), &Client::unknown()).await })
    });
    let mut successors = Vec::new();
    for refreshed in refreshes.collect::<Vec<_>>() {
        successors.push(refreshed.await.unwrap().unwrap().tokens.refresh.expose().clone());
    }
    successors.dedup();
    assert_eq!(successors.len(), 1);
    let refused = auth.authenticate(start.access.expose()).await;
    assert_eq!(refusal(refused), Some(Refusal::InvalidToken), "it was replaced");
}

#[tokio::test]
async fn what_ends_a_session_is_seen_at_the_next_request() {
    let directory = tempfile::tempdir().unwrap();
    let auth = with_ada(&directory).await;
    let here = Client::unknown();
    let (one, two, three) =
        (sign_in(&auth).await.tokens, sign_in(&auth).await.tokens, sign_in(&auth).await.tokens);
    assert!(auth.authenticate(one.access.expose()).await.is_ok());
    auth.logout(one.access.expose(), &here).await.unwrap();
    let refused = auth.authenticate(one.access.expose()).await;
    assert_eq!(refusal(refused), Some(Refusal::RevokedToken));
    let refused = auth.refresh(one.refresh.expose(), &here).await;
    assert_eq!(refusal(refused), Some(Refusal::RevokedToken));

    let request = ChangePassword { current: PASSWORD.into(), new: "another phrase".into() };
    auth.change_password(two.access.expose(), request, &here).await.unwrap();
    assert!(auth.authenticate(two.access.expose()).await.is_ok(), "its own goes on");
    assert!(auth.authenticate(three.access.expose()).await.is_err());
    auth.logout_all(two.access.expose(), &here).await.unwrap();
    let refused = auth.authenticate(two.access.expose()).await;
    assert_eq!(refusal(refused), Some(Refusal::RevokedToken));
}
