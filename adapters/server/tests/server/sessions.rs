//! Showing, ending and sweeping sessions.

use std::sync::Arc;

use serde_json::{Value, json};
use testudo::flow::Login;
use testudo::password::HasherChain;
use testudo::{Client, KeyRing, Policy, Settings, Timestamp};
use testudo_driver::{Auth, Clock, InlineHashing};

use crate::support::{EMAIL, PASSWORD, Site, block_on, complaint, printed, printed_json, records};

const OTHER: &str = "bob@example.com";

fn sessions(site: &Site, whose: &str) -> Vec<Value> {
    let listed = printed_json(&site.run(&["session", "list", whose, "--json"], ""));
    listed.as_array().unwrap().clone()
}

fn id(session: &Value) -> &str {
    session["id"].as_str().unwrap()
}

#[test]
fn sessions_are_listed_newest_first_and_without_what_opens_them() {
    let site = Site::with_user();
    site.create(OTHER, PASSWORD);
    let server = site.serve(&[]);
    assert_eq!(sessions(&site, EMAIL), [Value::Null; 0]);
    let signed_in = [server.login(EMAIL, PASSWORD), server.login(EMAIL, PASSWORD)];
    server.login(OTHER, PASSWORD);
    let listed = sessions(&site, EMAIL);
    assert_eq!(listed.len(), 2);
    assert!(id(&listed[0]) > id(&listed[1]));
    assert_eq!((&listed[0]["ip"], &listed[0]["current"]), (&json!("127.0.0.1"), &json!(false)));

    let table = printed(&site.run(&["session", "list", EMAIL], ""));
    assert_eq!(table.lines().count(), 3);
    assert!(table.lines().nth(1).unwrap().starts_with(id(&listed[0])), "{table}");
    for answer in signed_in {
        for token in ["access_token", "refresh_token"] {
            let token = answer.text(token);
            let secret = &token[token.len() - 20..];
            assert!(!table.contains(secret) && !json!(listed).to_string().contains(secret));
        }
    }
}

#[test]
fn a_session_is_ended_beside_a_running_server_and_no_other_is() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let older = server.login(EMAIL, PASSWORD).text("access_token");
    let newer = server.login(EMAIL, PASSWORD).text("access_token");
    let listed = sessions(&site, EMAIL);
    let told = printed(&site.run(&["session", "revoke", id(&listed[0])], ""));
    assert!(told.contains(id(&listed[0])));
    server.me(&newer).assert_problem(401, "revoked_token");
    assert_eq!(server.me(&older).status, 200);

    let ended = site.run(&["session", "revoke", EMAIL, id(&listed[1]), "--json"], "");
    assert_eq!(printed_json(&ended), json!({"revoked": 1}));
    server.me(&older).assert_problem(401, "revoked_token");
    assert_eq!(sessions(&site, EMAIL).len(), 0);
}

#[test]
fn a_session_that_is_not_there_or_somebody_elses_is_not_ended() {
    let site = Site::with_user();
    site.create(OTHER, PASSWORD);
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let listed = sessions(&site, EMAIL);
    let session = id(&listed[0]);
    let unknown = "01890a5d-ac96-774b-bcce-b302099a8057";
    for which in [&[OTHER, session][..], &[unknown], &[EMAIL, unknown], &["no id"]] {
        let output = site.run(&[&["session", "revoke"], which].concat(), "");
        assert_eq!(output.status.code(), Some(1), "{which:?}");
        let complaint = complaint(&output);
        assert!(complaint.contains("no live session") && complaint.contains("session list"));
    }
    assert_eq!(server.me(&access).status, 200);
    printed(&site.run(&["session", "revoke", session], ""));
    let again = site.run(&["session", "revoke", session], "");
    assert_eq!(again.status.code(), Some(1));
}

#[test]
fn who_names_an_account_in_place_of_a_session_is_told_what_to_do() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    for whose in [EMAIL, "nobody@example.com"] {
        let output = site.run(&["session", "revoke", whose], "");
        assert_eq!(output.status.code(), Some(1));
        let complaint = complaint(&output);
        let commands = [format!("session list {whose}"), format!("session revoke-all {whose}")];
        let is_told = commands.iter().all(|command| complaint.contains(command));
        assert!(is_told && complaint.contains("by its id"), "{complaint}");
    }
    assert_eq!(server.me(&access).status, 200, "nothing was ended");
}

#[test]
fn all_sessions_of_an_account_are_ended_and_nobody_elses() {
    let site = Site::with_user();
    site.create(OTHER, PASSWORD);
    let server = site.serve(&[]);
    let tokens: Vec<_> =
        (0..3).map(|_| server.login(EMAIL, PASSWORD).text("access_token")).collect();
    let elsewhere = server.login(OTHER, PASSWORD).text("access_token");
    let ended = site.run(&["session", "revoke-all", EMAIL, "--json"], "");
    assert_eq!(printed_json(&ended), json!({"revoked": 3}));
    for token in tokens {
        server.me(&token).assert_problem(401, "revoked_token");
    }
    assert_eq!(server.me(&elsewhere).status, 200);
    assert_eq!(server.login(EMAIL, PASSWORD).status, 200);
    let ended = printed(&site.run(&["session", "revoke-all", EMAIL], ""));
    assert!(ended.contains("1 were live"), "{ended}");
}

#[test]
fn everybodys_sessions_are_ended_by_one_command() {
    let site = Site::with_user();
    site.create(OTHER, PASSWORD);
    let server = site.serve(&[]);
    let tokens = [EMAIL, OTHER].map(|email| server.login(email, PASSWORD).text("access_token"));
    let ended = site.run(&["session", "revoke-all", "--everybody", "--json"], "");
    assert_eq!(printed_json(&ended), json!({"accounts": 2}));
    for token in tokens {
        server.me(&token).assert_problem(401, "revoked_token");
    }
    assert_eq!(server.login(OTHER, PASSWORD).status, 200);
    let again = printed(&site.run(&["session", "revoke-all", "--everybody"], ""));
    assert!(again.contains("2 accounts"), "{again}");
    let both = site.run(&["session", "revoke-all", EMAIL, "--everybody"], "");
    assert_eq!(both.status.code(), Some(2));
}

#[derive(Debug)]
struct LongAgo;

impl Clock for LongAgo {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_577_836_800_000)
    }
}

/// Signs in at another time than now.
fn sign_in_long_ago(site: &Site) {
    block_on(async {
        let store = records(site).await;
        let keys = KeyRing::parse("a-secret-from-testudo-secret-new-4f9Q2x").unwrap();
        let settings = Settings::new(Policy::default(), keys).unwrap();
        let hashing = InlineHashing::new(HasherChain::standard());
        let auth = Auth::new(store, hashing, settings).with_clock(Arc::new(LongAgo));
        let signed_in =
            auth.login(Login::new(EMAIL, PASSWORD.into()), &Client::unknown()).await.unwrap();
        signed_in.signed_in().unwrap();
    });
}

#[test]
fn what_is_long_over_is_swept_and_nothing_else() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let swept = |expected: u64| {
        let swept = printed_json(&site.run(&["sweep", "--json"], ""));
        assert_eq!(swept["sessions"], expected, "{swept}");
        assert!(swept["attempts"].is_u64(), "{swept}");
    };
    swept(0);
    sign_in_long_ago(&site);
    swept(1);
    swept(0);
    assert_eq!(server.me(&access).status, 200);
    assert!(printed(&site.run(&["sweep"], "")).starts_with("removed 0 sessions"));
}
