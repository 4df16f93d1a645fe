//! The tables of the documentation say what the code does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests panic")]

use std::path::Path;

use testudo::event::EventRecord;
use testudo::flow::Invite;
use testudo::model::{ApiKey, AttemptLimit, Client, EventId};
use testudo::testing::every_event;
use testudo::{Policy, Timestamp};

const SECURITY: &str = include_str!("../docs/security.md");

/// The cells of the row whose first cell is `name`.
fn row(name: &str) -> Vec<&'static str> {
    SECURITY
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|line| line.split(" | ").collect::<Vec<_>>())
        .find(|cells| cells.first() == Some(&name))
        .unwrap_or_else(|| panic!("docs/security.md has no row `{name}`"))
}

#[test]
fn every_limit_is_documented_with_its_default() {
    let cells = |limit: AttemptLimit| {
        [
            limit.attempts.to_string(),
            format!("{} s", limit.window.as_secs()),
            format!("{} s", limit.lock.as_secs()),
            limit.hard_stop.map_or("none".into(), |stop| stop.to_string()),
        ]
    };
    let policy = Policy::default();
    assert_eq!(row("`login_account`")[2..], cells(policy.login_account));
    assert_eq!(row("`login_network`")[2..], cells(policy.login_network));
    assert_eq!(row("`password_reset`")[2..], cells(policy.password_reset));
    assert_eq!(row("`email_proof`")[2..], cells(policy.email_proof));
    assert_eq!(row("`mail_network`")[2..], cells(policy.mail_network));
    assert_eq!(row("API keys that are live")[1], policy.api_keys.to_string());
    assert_eq!(row("invitations that are open")[1], policy.open_invitations.to_string());
}

#[test]
fn every_lifetime_is_documented_with_its_default() {
    let policy = Policy::default();
    for (name, lifetime) in [
        ("access token", policy.access_lifetime),
        ("session, idle", policy.session.idle),
        ("session, absolute", policy.session.absolute),
        ("remembered session, idle", policy.remembered_session.idle),
        ("remembered session, absolute", policy.remembered_session.absolute),
        ("link that resets a password", policy.password_reset_lifetime),
        ("link that proves an address", policy.email_proof_lifetime),
        ("way back to the address before", policy.email_undo_lifetime),
        ("grace of a closed account", policy.closing_grace),
        ("sign-in that counts as fresh", policy.fresh_sign_in),
        ("grace of a spent refresh token", policy.refresh_grace),
    ] {
        assert_eq!(row(name)[1], format!("{} s", lifetime.as_secs()), "{name}");
    }
    for (name, lifetime) in [
        ("invitation that does not say", Invite::USUAL),
        ("invitation, at most", Invite::LONGEST),
        ("record of a revoked API key that had no end", ApiKey::KEPT),
    ] {
        assert_eq!(row(name)[1], format!("{} s", lifetime.as_secs()), "{name}");
    }
    let horizon = format!("more than {} refreshes ago", policy.reuse_horizon);
    assert!(SECURITY.contains(&horizon), "{horizon}");
}

#[test]
fn every_event_is_documented_under_its_serialised_name() {
    for event in every_event() {
        let record = EventRecord {
            id: EventId::from_uuid(uuid::Uuid::nil()),
            at: Timestamp::from_millis(0),
            user: None,
            session: None,
            client: Client::unknown(),
            event,
        };
        let record = serde_json::to_value(record).unwrap();
        let name = record["type"].as_str().unwrap().to_owned();
        row(&format!("`{name}`"));
    }
}

#[test]
fn every_test_that_an_abuse_case_names_exists() {
    let cases = include_str!("../docs/abuse-cases.md");
    let sources = rust_sources(Path::new(env!("CARGO_MANIFEST_DIR")));
    let rows = cases.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let mut checked = 0;
    for row in rows {
        let shown_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        for name in shown_by.split(", ").map(|name| name.trim_matches('`')) {
            let declared = |source: &String| {
                source.contains(&format!("fn {name}(")) || source.contains(&format!("fn {name}<"))
            };
            assert!(sources.iter().any(declared), "no test is called {name}");
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} names were found");
}

/// The text of every Rust file of the workspace.
#[allow(clippy::disallowed_methods, reason = "a test looks at its own sources")]
fn rust_sources(root: &Path) -> Vec<String> {
    let mut sources = Vec::new();
    let mut folders = ["src", "tests", "adapters"].map(|name| root.join(name)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}
