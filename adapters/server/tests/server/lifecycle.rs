//! Stopping.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Answer, EMAIL, PASSWORD, Request, Server, Site, connect};

/// Begins a sign-in; the rest of the request is to be sent later.
fn begin_login(server: &Server) -> (TcpStream, String) {
    let body = json!({"email": EMAIL, "password": PASSWORD}).to_string();
    let mut connection = connect(server.address);
    let request = Request::new("POST", "/auth/login")
        .header("content-type", "application/json")
        .header("content-length", &body.len().to_string())
        .header("expect", "100-continue");
    request.write_to(&mut connection).unwrap();
    // The server asks for the body, so it has begun with the request.
    let mut go_on = [0; 25];
    std::io::Read::read_exact(&mut connection, &mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    (connection, body)
}

#[test]
fn a_request_under_way_is_finished_before_the_server_stops() {
    let site = Site::with_user();
    for signal in ["TERM", "INT"] {
        let mut server = site.serve(&[]);
        let address = server.address;
        let idle = connect(address);
        let (mut connection, body) = begin_login(&server);
        server.signal(signal);
        server.wait_for_log("stopping");
        assert!(TcpStream::connect(address).is_err(), "it still takes connections");
        connection.write_all(body.as_bytes()).unwrap();
        assert_eq!(Answer::read(connection).status, 200);
        let (status, log) = server.ended();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains(r#""type":"user_login""#), "the last event is missing:\n{log}");
        assert!(log.trim_end().ends_with("stopped"), "{log}");
        drop(idle);
    }
}

#[test]
fn a_second_signal_stops_at_once() {
    let site = Site::with_user();
    let mut server = site.serve(&[]);
    let (_connection, _) = begin_login(&server);
    server.signal("TERM");
    server.wait_for_log("stopping");
    let begun = Instant::now();
    server.signal("TERM");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    // In order it would have waited half a minute for the request.
    assert!(begun.elapsed() < Duration::from_secs(20), "{log}");
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_server_is_killed() {
    let site = Site::with_user();
    let server = site.serve(&[]);
    let access = server.login(EMAIL, PASSWORD).text("access_token");
    let log = server.kill();
    let mut server = site.serve(&[]);
    assert_eq!(server.me(&access).status, 200);
    // It may have been delivered already; if not, it is now.
    if !log.contains(r#""type":"user_login""#) {
        server.wait_for_log(r#""type":"user_login""#);
    }
}

#[test]
fn the_port_is_free_again_after_an_orderly_stop() {
    let site = Site::new();
    let server = site.serve(&[]);
    let address = server.address;
    server.signal("TERM");
    assert_eq!(server.ended().0.code(), Some(0));
    assert!(TcpListener::bind(address).is_ok());
}

#[test]
fn a_store_that_breaks_is_told_without_its_cause() {
    let site = Site::on_sqlite("it writes over the file").and_user();
    let mut server = site.serve(&[]);
    let health = server.send(Request::new("GET", "/healthz"));
    assert_eq!((health.status, health.body.as_str()), (200, r#"{"status":"ok"}"#));

    // Once more, where the server happened to be writing itself.
    let health = (0..100).find_map(|_| {
        damage(&site);
        let health = server.send(Request::new("GET", "/healthz"));
        (health.status != 200).then_some(health)
    });
    health.expect("a damaged store is no store").assert_problem(503, "unavailable");
    let answer = server.login(EMAIL, PASSWORD);
    answer.assert_problem(503, "unavailable");
    assert!(!answer.body.contains("database"), "{answer:?}");
    server.wait_for_log("a request failed");
    server.wait_for_log(answer.header("x-request-id").unwrap());

    server.signal("TERM");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("after the next start"), "{log}");
}

/// Writes over the database in place: the server has its files open, and one of them mapped.
fn damage(site: &Site) {
    for name in ["testudo.db", "testudo.db-wal", "testudo.db-shm"] {
        let mut file = OpenOptions::new().write(true).open(site.path(name)).unwrap();
        file.write_all(&[0xA5; 16 * 1024]).unwrap();
    }
}
