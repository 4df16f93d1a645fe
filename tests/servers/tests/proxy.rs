//! A network that misbehaves does it as it was told, and no longer.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is not as expected ends the test"
)]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use testudo_test_servers::proxy::{Direction, Proxy};

/// A server that gives each byte back, and tells how many came.
fn echo() -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, seen) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&seen);
    thread::spawn(move || {
        for mut connection in listener.incoming().map_while(Result::ok) {
            let counted = Arc::clone(&counted);
            thread::spawn(move || {
                let mut buffer = [0; 1024];
                while let Ok(read) = connection.read(&mut buffer)
                    && read > 0
                {
                    counted.fetch_add(read, Ordering::SeqCst);
                    let _ = connection.write_all(&buffer[..read]);
                }
            });
        }
    });
    (address, seen)
}

fn connect(proxy: &Proxy) -> TcpStream {
    let client = TcpStream::connect(proxy.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    client
}

fn says(client: &mut TcpStream, text: &[u8]) -> Vec<u8> {
    client.write_all(text).unwrap();
    let mut answer = vec![0; text.len()];
    client.read_exact(&mut answer).unwrap();
    answer
}

fn rest(client: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest);
    rest
}

#[test]
fn what_is_said_goes_through_both_ways() {
    let proxy = Proxy::to(echo().0).unwrap();
    let mut client = connect(&proxy);
    assert_eq!(says(&mut client, b"hello"), b"hello");
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(rest(&mut client), b"");
}

#[test]
fn connections_are_dropped_and_new_ones_served() {
    let proxy = Proxy::to(echo().0).unwrap();
    let mut client = connect(&proxy);
    says(&mut client, b"hello");
    proxy.drop_connections();
    assert_eq!(rest(&mut client), b"");
    assert_eq!(says(&mut connect(&proxy), b"again"), b"again");
}

/// As when a name or a virtual address moves.
#[test]
fn it_leads_to_another_server_and_the_connections_to_the_one_before_end() {
    let (one, of_one) = echo();
    let (other, of_other) = echo();
    let proxy = Proxy::to(one).unwrap();
    let mut client = connect(&proxy);
    says(&mut client, b"hello");
    proxy.lead_to(other);
    assert_eq!(rest(&mut client), b"");
    assert_eq!(says(&mut connect(&proxy), b"there"), b"there");
    assert_eq!((of_one.load(Ordering::SeqCst), of_other.load(Ordering::SeqCst)), (5, 5));
    proxy.lead_to(one);
    assert_eq!(says(&mut connect(&proxy), b"back"), b"back");
    assert_eq!((of_one.load(Ordering::SeqCst), of_other.load(Ordering::SeqCst)), (9, 5));
}

#[test]
fn only_new_connections_are_led_elsewhere() {
    let (one, of_one) = echo();
    let (other, of_other) = echo();
    let proxy = Proxy::to(one).unwrap();
    let mut client = connect(&proxy);
    says(&mut client, b"hello");
    proxy.lead_new_to(other);
    assert_eq!(says(&mut connect(&proxy), b"there"), b"there");
    assert_eq!(says(&mut client, b"here"), b"here");
    assert_eq!((of_one.load(Ordering::SeqCst), of_other.load(Ordering::SeqCst)), (9, 5));
}

#[test]
fn new_connections_are_refused_until_it_heals() {
    let proxy = Proxy::to(echo().0).unwrap();
    let mut client = connect(&proxy);
    says(&mut client, b"hello");
    proxy.refuse();
    let begun = Instant::now();
    // Who came while the port was being closed is reset.
    while TcpStream::connect(proxy.address()).err().map(|error| error.kind())
        != Some(ErrorKind::ConnectionRefused)
    {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(says(&mut client, b"still"), b"still");
    proxy.heal();
    while TcpStream::connect(proxy.address()).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(says(&mut connect(&proxy), b"again"), b"again");
}

#[test]
fn an_answer_is_lost_after_the_server_has_done_its_part() {
    let (server, seen) = echo();
    let proxy = Proxy::to(server).unwrap();
    let mut client = connect(&proxy);
    says(&mut client, b"hello");
    proxy.cut_after(Direction::Answers, 3);
    client.write_all(b"commit").unwrap();
    assert_eq!(rest(&mut client), b"com");
    assert_eq!(seen.load(Ordering::SeqCst), 11);
    proxy.heal();
    assert_eq!(says(&mut connect(&proxy), b"whole"), b"whole");
}

#[test]
fn an_answer_is_cut_off_once_and_whoever_asks_again_is_answered() {
    let (server, seen) = echo();
    let proxy = Proxy::to(server).unwrap();
    let mut client = connect(&proxy);
    assert_eq!(says(&mut client, b"before"), b"before");
    proxy.cut_once_after(Direction::Answers, 3);
    client.write_all(b"hello").unwrap();
    assert_eq!(rest(&mut client), b"hel");
    assert_eq!(says(&mut connect(&proxy), b"again"), b"again");
    assert_eq!(seen.load(Ordering::SeqCst), 16);
}

#[test]
fn a_request_is_lost_before_the_server_sees_all_of_it() {
    let (server, seen) = echo();
    let proxy = Proxy::to(server).unwrap();
    let mut client = connect(&proxy);
    proxy.cut_after(Direction::Requests, 3);
    client.write_all(b"commit").unwrap();
    rest(&mut client);
    let begun = Instant::now();
    while seen.load(Ordering::SeqCst) < 3 {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(seen.load(Ordering::SeqCst), 3);
}

#[test]
fn what_was_frozen_or_delayed_arrives_in_the_end() {
    let (server, seen) = echo();
    let proxy = Proxy::to(server).unwrap();
    let mut client = connect(&proxy);
    proxy.freeze();
    client.write_all(b"hello").unwrap();
    client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(client.read(&mut [0]).is_err());
    assert_eq!(seen.load(Ordering::SeqCst), 0);
    proxy.delay(Duration::from_millis(30));
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let begun = Instant::now();
    let mut answer = [0; 5];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");
    assert!(begun.elapsed() >= Duration::from_millis(55), "both ways are delayed");
}

#[test]
fn one_half_is_closed_and_the_other_goes_on() {
    let (server, seen) = echo();
    let proxy = Proxy::to(server).unwrap();
    let mut client = connect(&proxy);
    says(&mut client, b"hello");
    proxy.half_close(Direction::Answers);
    assert_eq!(rest(&mut client), b"");
    client.write_all(b"more").unwrap();
    let begun = Instant::now();
    while seen.load(Ordering::SeqCst) < 9 {
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
