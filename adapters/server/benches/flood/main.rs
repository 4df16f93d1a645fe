//! What a flood of logins does to everybody else: latency and throughput of `GET /auth/me` while nothing
//! else goes on and while 64 clients sign in as fast as they are answered, and the memory that it took.
//!
//! The server is the real one, in a process of its own, over SQLite. The flood comes from ever new
//! addresses for ever new accounts, none of which exists: no limit stops it, and each login costs a
//! whole hash. Latency is that of requests that are sent at fixed moments, counted from the moment at
//! which they were due, so that a server that stalls cannot hide it. Throughput is that of clients that
//! ask again as soon as they are answered.
//!
//! Rounds with and without the flood take turns, so that a machine that is busy is so for both. The
//! clients run on the same machine and take a part of it, without the flood too.
//!
//! ```console
//! cargo bench -p testudo-server
//! ```

#![allow(clippy::unwrap_used, reason = "a bench that measures the wrong thing must not go on")]
#![allow(clippy::print_stdout, reason = "the figures")]

mod client;
mod server;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use self::client::{Client, Request};
use self::server::Server;

const ASKING: usize = 4;
const FLOODING: usize = 64;
/// Between two requests of one that asks: 200 a second in all.
const PACE: Duration = Duration::from_millis(20);
const PACED: Duration = Duration::from_secs(5);
const UNPACED: Duration = Duration::from_secs(3);
const ROUNDS: u32 = 4;

fn main() {
    let server = Server::start();
    let me = Request::me(&server.access_token());
    // Once without looking, so that all connections and statements are there.
    Seen::default().add(&server, &me);
    let memory = server.memory();
    let (mut idle, mut flooded, flood) = (Seen::default(), Seen::default(), Flood::default());
    for _ in 0..ROUNDS {
        idle.add(&server, &me);
        flood.during(&server, || flooded.add(&server, &me));
    }
    println!("{:>9} {:>10} {:>10} {:>10} {:>12}", "", "p50", "p99", "most", "throughput");
    idle.print("idle");
    flooded.print("flooded");
    flooded.print_beside(&idle);
    flood.print();
    println!("memory at most: {memory} MiB before the flood, {} MiB in it", server.memory());
}

/// What those that ask saw.
#[derive(Default)]
struct Seen {
    latencies: Vec<Duration>,
    throughputs: Vec<u32>,
}

impl Seen {
    fn add(&mut self, server: &Server, me: &Request) {
        self.latencies.extend(ask(|| paced(server, me)).concat());
        self.latencies.sort_unstable();
        self.throughputs.push(ask(|| unpaced(server, me)).iter().sum());
    }

    fn percentile(&self, percent: usize) -> Duration {
        let place = self.latencies.len().saturating_sub(1) * percent / 100;
        self.latencies.get(place).copied().unwrap_or_default()
    }

    /// Requests per second, in all rounds.
    fn throughput(&self) -> f64 {
        let seconds = (UNPACED * ROUNDS).as_secs_f64();
        f64::from(self.throughputs.iter().sum::<u32>()) / seconds
    }

    fn print(&self, name: &str) {
        let [p50, p99, most] = [50, 99, 100].map(|percent| self.percentile(percent));
        let throughput = self.throughput();
        println!("{name:>9} {p50:>10.1?} {p99:>10.1?} {most:>10.1?} {throughput:>10.0}/s");
    }

    fn print_beside(&self, other: &Self) {
        let [p50, p99, most] = [50, 99, 100].map(|percent| {
            self.percentile(percent).as_secs_f64() / other.percentile(percent).as_secs_f64()
        });
        let throughput = self.throughput() / other.throughput();
        println!("{:>9} {p50:>9.2}x {p99:>9.2}x {most:>9.2}x {throughput:>11.2}x", "ratio");
    }
}

/// Does the same in several threads at once.
fn ask<T: Send>(how: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let asking: Vec<_> = (0..ASKING).map(|_| scope.spawn(&how)).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn paced(server: &Server, me: &Request) -> Vec<Duration> {
    let mut client = Client::connect(server.address);
    let begun = Instant::now();
    let mut due = begun;
    let mut latencies = Vec::new();
    while due < begun + PACED {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        assert_eq!(client.ask(me), 200);
        latencies.push(due.elapsed());
        due += PACE;
    }
    latencies
}

fn unpaced(server: &Server, me: &Request) -> u32 {
    let mut client = Client::connect(server.address);
    let begun = Instant::now();
    let mut asked = 0;
    while begun.elapsed() < UNPACED {
        assert_eq!(client.ask(me), 200);
        asked += 1;
    }
    asked
}

/// Clients that sign in as fast as they are answered.
#[derive(Default)]
struct Flood {
    sent: AtomicU32,
    answers: Mutex<BTreeMap<u16, u32>>,
}

impl Flood {
    /// Does something while it lasts, and waits until the last one was answered.
    fn during(&self, server: &Server, measure: impl FnOnce()) {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..FLOODING {
                scope.spawn(|| self.run(server, &over));
            }
            // Until the queue has filled.
            thread::sleep(Duration::from_secs(1));
            measure();
            over.store(true, Ordering::Relaxed);
        });
    }

    fn run(&self, server: &Server, over: &AtomicBool) {
        let mut client = Client::connect(server.address);
        while !over.load(Ordering::Relaxed) {
            let login = Request::login(self.sent.fetch_add(1, Ordering::Relaxed));
            let status = client.ask(&login);
            *self.answers.lock().unwrap().entry(status).or_default() += 1;
        }
    }

    fn print(&self) {
        println!("answers to the flood, by status: {:?}", self.answers.lock().unwrap());
    }
}
