//! Guessing: how often, and what can be learnt from the answers.

use std::thread;

use crate::support::{Answer, EMAIL, PASSWORD, Site, printed};

/// All of an answer that is not different each time anyway.
fn comparable(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    (answer.status, headers, answer.body.clone())
}

/// Seconds go by between two answers.
fn without_seconds(answer: &Answer) -> (u16, Vec<String>, String) {
    let (status, headers, body) = comparable(answer);
    let names = headers.into_iter().map(|(name, _)| name).collect();
    (status, names, body.replace(|c: char| c.is_ascii_digit(), "#"))
}

#[test]
fn unknown_inactive_and_wrong_get_the_same_answer() {
    let site = Site::with_user();
    site.create("inactive@example.com", PASSWORD);
    printed(&site.run(&["user", "deactivate", "inactive@example.com"], ""));
    let server = site.serve(&[]);
    let wrong = server.login(EMAIL, "not the password");
    wrong.assert_problem(401, "invalid_credentials");
    for (email, password) in [
        ("nobody@example.com", "not the password"),
        ("inactive@example.com", "not the password"),
        ("inactive@example.com", PASSWORD),
    ] {
        assert_eq!(comparable(&server.login(email, password)), comparable(&wrong), "{email}");
    }
}

#[test]
fn the_sixth_wrong_password_is_one_too_many_whether_or_not_the_account_exists() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let mut locked = Vec::new();
    for email in [EMAIL, "nobody@example.com"] {
        for _ in 0..5 {
            server.login(email, "not the password").assert_problem(401, "invalid_credentials");
        }
        let sixth = server.login(email, "not the password");
        sixth.assert_problem(429, "rate_limited");
        let wait = sixth.json()["retry_after"].as_u64().unwrap();
        assert!((590..=600).contains(&wait), "{wait}");
        locked.push(sixth);
    }
    assert_eq!(without_seconds(&locked[0]), without_seconds(&locked[1]));
    server.login(EMAIL, PASSWORD).assert_problem(429, "rate_limited");
    server.login(" ADA@Example.com ", PASSWORD).assert_problem(429, "rate_limited");
}

#[test]
fn parallel_guesses_buy_nothing_and_a_restart_forgets_nothing() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let guess = || server.login(EMAIL, "not the password").status;
        let threads: Vec<_> = (0..40).map(|_| scope.spawn(guess)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert_eq!((count(401), count(429)), (5, 35), "{statuses:?}");
    server.kill();
    site.serve(&[]).login(EMAIL, PASSWORD).assert_problem(429, "rate_limited");
}

#[test]
fn a_success_gives_the_attempts_back() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    for _ in 0..2 {
        for _ in 0..4 {
            server.login(EMAIL, "not the password").assert_problem(401, "invalid_credentials");
        }
        assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    }
}
