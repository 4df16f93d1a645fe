//! What is logged, and what never is.

use serde_json::Value;

use crate::support::{EMAIL, PASSWORD, Request, Server, Site};

#[test]
fn no_log_level_shows_a_secret() {
    let site = Site::with_user();
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "trace");
    let server = Server::start(command);
    let signed_in = server.login(EMAIL, PASSWORD);
    let (access, refresh) = (signed_in.text("access_token"), signed_in.text("refresh_token"));
    let query = format!("/auth/me?access_token={access}");
    server.send(Request::new("GET", &query).bearer(&access));
    let next = server.refresh(&refresh);
    server.login(EMAIL, "not the password");
    server.login("nobody.at.all@example.com", "not the password");
    server.logout(&next.text("access_token"));
    server.signal("TERM");
    let (_, log) = server.ended();
    assert!(log.contains("DEBUG"), "the filter did not let more through:\n{log}");
    let secret = site.secret();
    for secret in [
        PASSWORD,
        "not the password",
        "nobody.at.all",
        secret.trim_end(),
        &access,
        &refresh,
        &next.text("access_token"),
        &next.text("refresh_token"),
        "$argon2id$",
    ] {
        assert!(!log.contains(secret), "{secret} was logged");
    }
}

#[test]
fn every_request_and_every_event_has_its_line() {
    let site = Site::with_user();
    let server = site.serve(&["--log-format", "json"]);
    let answer = server.send(Request::new("GET", "/auth/me?x=y"));
    server.login(EMAIL, PASSWORD);
    server.signal("TERM");
    let (_, log) = server.ended();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines[0]["version"].is_string() && lines[0]["secret"].is_string());
    let id = answer.header("x-request-id").unwrap();
    let line = lines.iter().find(|line| line["span"]["id"] == id).expect("a line of the request");
    assert_eq!(
        (&line["span"]["method"], &line["span"]["path"]),
        (&"GET".into(), &"/auth/me".into())
    );
    assert_eq!(line["status"], 401);
    assert!(line["latency_ms"].is_u64(), "{line}");
    let audit = lines.iter().filter(|line| line["target"] == "testudo::audit");
    let records = audit.map(|line| line["record"].as_str().unwrap());
    let kinds: Vec<Value> = records
        .map(|record| serde_json::from_str::<Value>(record).unwrap()["type"].clone())
        .collect();
    assert_eq!(kinds, ["user_created", "user_login"]);
}

#[test]
fn a_filter_that_is_none_is_refused() {
    let site = Site::new();
    let mut command = site.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "loud=very=");
    let refused = crate::support::run(command, "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(crate::support::complaint(&refused).contains("RUST_LOG"));
}
