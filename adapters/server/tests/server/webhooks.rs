//! Events go to other systems: signed, in order, and at least once whatever happens to the server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::support::receiver::{Receiver, SECRET};
use crate::support::{EMAIL, PASSWORD, Request, Server, Site, complaint, printed, run};

const OTHER: &str = "grace@example.com";

fn command(site: &Site, url: &str, more: &[&str]) -> Command {
    let hashing = ["--argon2-memory", "19456", "--argon2-passes", "2", "--argon2-lanes", "1"];
    let serve = ["serve", "--listen", "127.0.0.1:0", "--webhooks", url];
    let mut command = site.command(&[&serve[..], &hashing, more].concat());
    command.env("TESTUDO_WEBHOOK_SECRET", SECRET).env("TESTUDO_LOG_FORMAT", "json");
    command
}

/// All events, the oldest first, as the audit trail has them.
fn trail(site: &Site) -> Vec<Value> {
    let listed = printed(&site.run(&["audit", "--all", "--json"], ""));
    listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids<'a>(events: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    events.into_iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect()
}

/// Waits until everything of the trail from `begin` on has come.
fn wait_for_all(site: &Site, begin: usize, seen: impl Fn() -> Vec<String>) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let sent = trail(site).split_off(begin);
        let seen: BTreeSet<_> = seen().into_iter().collect();
        if ids(&sent).iter().all(|id| seen.contains(id)) {
            return sent;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{} of {}", seen.len(), sent.len());
        thread::sleep(Duration::from_millis(100));
    }
}

/// What is logged of events.
fn logged(log: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let records = lines.filter_map(|line| line["record"].as_str().map(str::to_owned));
    records
        .map(|record| {
            serde_json::from_str::<Value>(&record).unwrap()["id"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn in_an_ordinary_run_each_event_comes_once_and_in_order_also_past_a_receiver_that_fails() {
    let site = Site::with_user();
    let before = trail(&site).len();
    let receiver = Receiver::start();
    receiver.refuse(1);
    let server = Server::start(command(&site, &receiver.url, &[]));
    for password in [PASSWORD, "the wrong mule", PASSWORD] {
        server.login(EMAIL, password);
    }
    let sent = wait_for_all(&site, before, || ids(&receiver.events()));
    assert_eq!(ids(&receiver.events()), ids(&sent), "what was before is not sent");
    let kinds: Vec<_> = sent.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["user_login", "user_login_failed", "user_login"]);
}

#[test]
fn only_the_events_that_were_chosen_are_sent() {
    let site = Site::with_user();
    let receiver = Receiver::start();
    let server = Server::start(command(&site, &receiver.url, &["--webhook-events", "user_logout"]));
    let token = server.login(EMAIL, PASSWORD).text("access_token");
    assert_eq!(server.logout(&token).status, 204);
    let begun = Instant::now();
    while receiver.events().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(receiver.events()[0]["type"], "user_logout");
}

#[test]
fn webhooks_need_a_secret_and_a_safe_url() {
    let site = Site::new();
    let url = "https://a.example/hunter2";
    let mut bare = command(&site, url, &[]);
    bare.env_remove("TESTUDO_WEBHOOK_SECRET");
    let refused = complaint(&run(bare, ""));
    assert!(refused.contains("TESTUDO_WEBHOOK_SECRET") && refused.contains("secret new --webhook"));
    let mut weak = command(&site, url, &[]);
    weak.env("TESTUDO_WEBHOOK_SECRET", "whsec_c2hvcnQ=");
    assert!(complaint(&run(weak, "")).contains("whsec_"));
    for wrong in ["http://a.example/hunter2", "a.example/hunter2", "https://u:hunter2@a.example"] {
        let refused = complaint(&run(command(&site, wrong, &[]), ""));
        assert!(refused.contains("https URL") && !refused.contains("hunter2"), "{refused}");
    }
    let made = printed(&site.run(&["secret", "new", "--webhook"], ""));
    assert!(made.trim().parse::<testudo_webhooks::Secrets>().is_ok(), "{made}");
}

/// Signs in, unless the server is gone: whether they are let in.
fn try_login(to: SocketAddr, email: &str) -> std::io::Result<bool> {
    let body = format!(r#"{{"email": "{email}", "password": "{PASSWORD}"}}"#);
    let mut connection = TcpStream::connect(to)?;
    Request::new("POST", "/auth/login").json(body).write_to(&mut connection)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

/// A power cut at random moments, again and again.
#[test]
fn no_event_is_lost_to_the_log_or_to_a_webhook_when_the_server_is_killed_at_random() {
    let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_nanos();
    let mut random = u64::from(seed) | 1;
    let mut up_to = |most: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % most
    };
    let site = Site::with_user();
    site.create(OTHER, PASSWORD);
    let before = trail(&site).len();
    let receiver = Receiver::start();
    let mut log = String::new();
    for round in 0..10 {
        let server = Server::start(command(&site, &receiver.url, &[]));
        let address = server.address;
        let (answered, answers) = mpsc::channel();
        let clients: Vec<_> = [EMAIL, OTHER]
            .into_iter()
            .map(|email| {
                let answered = answered.clone();
                thread::spawn(move || {
                    for _ in 0..4 {
                        // It may be killed in between: then there is no answer.
                        if try_login(address, email).is_ok_and(|is_in| is_in) {
                            let _ = answered.send(());
                        }
                    }
                })
            })
            .collect();
        // Twice it may die before anybody is let in; else not before, however slow the machine is.
        if round >= 2 {
            answers.recv_timeout(Duration::from_secs(30)).unwrap();
        }
        thread::sleep(Duration::from_millis(up_to(700)));
        log.push_str(&server.kill());
        for client in clients {
            client.join().unwrap();
        }
    }
    let server = Server::start(command(&site, &receiver.url, &[]));
    let sent = wait_for_all(&site, before, || ids(&receiver.events()));
    wait_for_all(&site, before, || logged(&format!("{log}{}", server.log())));
    assert!(sent.len() >= 8, "seed {seed}: {} events", sent.len());

    // In order for each user, by when each event first came.
    for seen in [ids(&receiver.events()), logged(&format!("{log}{}", server.log()))] {
        let first: BTreeMap<_, _> =
            seen.iter().enumerate().rev().map(|(place, id)| (id.clone(), place)).collect();
        let users: BTreeSet<_> = sent.iter().filter_map(|event| event["user"].as_str()).collect();
        for user in users {
            let places: Vec<_> = sent
                .iter()
                .filter(|event| event["user"] == user)
                .map(|event| first[event["id"].as_str().unwrap()])
                .collect();
            assert!(places.is_sorted(), "seed {seed}: {places:?}");
        }
    }
}
