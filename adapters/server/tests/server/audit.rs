//! `testudo audit`: what happened, and what happens.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{EMAIL, PASSWORD, Site, complaint, printed, signal};

fn audit(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let output = site.run(&[&["audit", "--json"], arguments].concat(), "");
    printed(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// A site where Ada signed in after a failure, and Bob has an account.
fn site() -> Site {
    let site = Site::with_user();
    let server = site.serve(&[]);
    server.login(EMAIL, "not the password");
    server.login(EMAIL, PASSWORD);
    server.kill();
    site.create("bob@example.com", PASSWORD);
    site
}

#[test]
fn the_trail_outlasts_the_server_and_is_told_by_whom_what_and_when() {
    let site = site();
    let all = audit(&site, &[]);
    assert_eq!(kinds(&all), ["user_created", "user_login_failed", "user_login", "user_created"]);
    assert_eq!(kinds(&audit(&site, &[EMAIL])), kinds(&all)[..3]);
    assert_eq!(audit(&site, &["--limit", "2"]), all[2..]);
    assert_eq!(audit(&site, &["--all"]), all);
    let types = ["--type", "user_login", "--type", "user_login_failed"];
    assert_eq!(audit(&site, &types), all[1..3]);
    let moment = all[2]["at"].as_str().unwrap();
    assert_eq!(audit(&site, &["--since", moment]), all[2..]);
    assert_eq!(audit(&site, &["--until", moment]), all[..2]);
    let text = printed(&site.run(&["audit", EMAIL, "--type", "user_login"], ""));
    assert!(text.contains("user_login") && text.contains("127.0.0.1"), "{text}");
    assert_eq!(text.lines().count(), 1);
    assert_eq!(printed(&site.run(&["audit", "--since", "2100-01-01T00:00:00Z"], "")), "");
}

#[test]
fn what_cannot_be_asked_for_is_refused_in_one_line() {
    let site = site();
    let refused = |arguments: &[&str], status: i32, expected: &str| {
        let output = site.run(&[&["audit"], arguments].concat(), "");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(complaint(&output).contains(expected), "{output:?}");
    };
    refused(&["nobody@example.com"], 1, "no account for nobody@example.com");
    refused(&["--type", "user_logon"], 2, "expected the name of a kind of event");
    refused(&["--since", "yesterday"], 2, "RFC 3339");
    refused(&["--all", "--limit", "3"], 2, "--limit");
}

#[test]
fn who_follows_sees_what_happens_until_ctrl_c() {
    let site = site();
    let server = site.serve(&[]);
    let mut command = site.command(&["audit", "--json", "--follow", "--limit", "1"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut following = command.spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["type"], "user_created");
    let signed_in = server.login(EMAIL, PASSWORD);
    assert_eq!(next()["type"], "user_login");
    server.logout(&signed_in.text("access_token"));
    assert_eq!(next()["type"], "user_logout");
    signal(following.id(), "INT");
    assert!(following.wait().unwrap().success());
    assert!(lines.next().is_none());
}
