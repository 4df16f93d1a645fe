//! What operators see: `/metrics`.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{EMAIL, PASSWORD, Request, Server, Site};

#[test]
fn flows_commands_and_requests_are_counted_and_name_nobody() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    server.login(EMAIL, PASSWORD);
    server.login(EMAIL, "the wrong mule").assert_problem(401, "invalid_credentials");
    server.send(Request::new("GET", "/made/up?token=hunter2"));
    let answer = server.send(Request::new("GET", "/metrics"));
    assert_eq!(answer.status, 200);
    let text = &answer.body;
    for line in [
        r#"testudo_flows_total{flow="login",outcome="done"} 1"#,
        r#"testudo_flows_total{flow="login",outcome="refused:invalid_credentials"} 1"#,
        r#"testudo_commands_total{command="VerifyPassword",outcome="done"} 2"#,
        r#"testudo_flow_seconds_count{flow="login"} 2"#,
        r#"http_requests_total{method="POST",route="/auth/login",status="200"} 1"#,
        r#"http_requests_total{method="GET",route="other",status="404"} 1"#,
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    for secret in ["hunter2", "ada", "made/up", "127.0.0.1"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn every_metric_stands_in_the_documentation_and_the_reverse() {
    let site = Site::with_user();
    let server = site.serve(&["--mail", "dir:mail"]);
    server.login(EMAIL, PASSWORD);
    let forgot = format!(r#"{{"email": "{EMAIL}"}}"#);
    server.send(Request::new("POST", "/auth/password/forgot").json(forgot));
    let begun = Instant::now();
    loop {
        let measured = measured(&server);
        if measured == documented() {
            return;
        }
        let late = begun.elapsed() > Duration::from_secs(30);
        assert!(!late, "measured {measured:?}, documented {:?}", documented());
        thread::sleep(Duration::from_millis(50));
    }
}

/// An alert on what nobody measures would be silent.
#[test]
fn every_metric_that_an_alert_looks_at_is_there() {
    let alerts = include_str!("../../../../deploy/alerts.yaml");
    let words = alerts.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
    let named: BTreeSet<_> = words.filter(|word| word.starts_with("testudo_")).collect();
    assert!(named.len() >= 4, "{named:?}");
    let documented = documented();
    assert!(named.iter().all(|name| documented.contains(*name)), "{named:?}");
}

fn measured(server: &Server) -> BTreeSet<String> {
    let answer = server.send(Request::new("GET", "/metrics"));
    let types = answer.body.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The first column of the table of metrics.
fn documented() -> BTreeSet<String> {
    let page = include_str!("../../../../docs/server.md");
    let rows =
        page.lines().filter(|line| line.starts_with("| `testudo_") || line.starts_with("| `http_"));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}
