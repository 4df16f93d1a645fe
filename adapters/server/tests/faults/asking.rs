//! A client that knows what it was told, and when it was told nothing.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::letters::Letters;
use crate::machine::Machine;
use crate::scene::Scene;
use crate::support::{Answer, Request};
use crate::work::Work;

/// The longest that an answer may take, whatever is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// After which, in peace, somebody who was told nothing asks once more.
const A_MOMENT: Duration = Duration::from_millis(250);

/// What becomes of a request.
pub(crate) enum Told {
    /// It was done.
    Done(Answer),
    /// It was not, and changes nothing.
    Refused(Answer),
    /// Nobody knows.
    Unknown,
}

/// What all people have in common.
pub(crate) struct World {
    address: SocketAddr,
    /// That of the binary itself.
    server: SocketAddr,
    /// Whether records are in several stores, between which there may be a crash: then somebody may have to sign in again.
    pub(crate) is_split: bool,
    pub(crate) letters: Letters,
    pub(crate) work: Work,
    pub(crate) machine: Machine,
    is_in_peace: AtomicBool,
    /// Who had to ask twice in peace, and how often.
    asked_twice: Mutex<BTreeMap<Ipv4Addr, usize>>,
    findings: Mutex<Vec<String>>,
    statuses: Mutex<BTreeMap<String, u64>>,
    last_unknown: Mutex<Instant>,
    slowest: Mutex<Duration>,
    people: AtomicU32,
}

impl World {
    pub(crate) fn of(scene: &Scene) -> Self {
        Self {
            address: scene.address,
            server: scene.server(),
            is_split: scene.is_split,
            letters: Letters::of(scene.site.path("mail")),
            work: Work::default(),
            machine: Machine::watched(),
            is_in_peace: AtomicBool::new(false),
            asked_twice: Mutex::default(),
            findings: Mutex::default(),
            statuses: Mutex::default(),
            last_unknown: Mutex::new(Instant::now()),
            slowest: Mutex::default(),
            people: AtomicU32::new(0),
        }
    }

    /// Whether somebody listens there, whatever is broken behind.
    pub(crate) fn is_up(&self) -> bool {
        TcpStream::connect_timeout(&self.server, PATIENCE).is_ok()
    }

    /// Says whether anything may be broken now. In peace it is a finding when nobody knows what became of a request.
    pub(crate) fn set_peace(&self, is_in_peace: bool) {
        self.is_in_peace.store(is_in_peace, Ordering::SeqCst);
    }

    /// How often somebody had to ask twice in peace: what they asked for may have been done twice.
    pub(crate) fn asked_twice(&self, from: Ipv4Addr) -> usize {
        self.asked_twice.lock().unwrap().get(&from).copied().unwrap_or(0)
    }

    pub(crate) fn all_asked_twice(&self) -> usize {
        self.asked_twice.lock().unwrap().values().sum()
    }

    pub(crate) fn post(&self, from: Ipv4Addr, path: &str, body: &Value) -> Told {
        self.ask(from, Request::new("POST", path).json(body.to_string()))
    }

    pub(crate) fn bearing(&self, from: Ipv4Addr, method: &str, path: &str, token: &str) -> Told {
        self.ask(from, Request::new(method, path).bearer(token))
    }

    pub(crate) fn post_bearing(
        &self,
        from: Ipv4Addr,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Told {
        self.ask(from, Request::new("POST", path).bearer(token).json(body.to_string()))
    }

    pub(crate) fn ask(&self, from: Ipv4Addr, request: Request) -> Told {
        let request = request.header("x-forwarded-for", &from.to_string());
        let told = self.ask_once(&request);
        if !matches!(told, Told::Unknown) || !self.is_in_peace.load(Ordering::SeqCst) {
            return told;
        }
        // A connection that broke in the fault may be found broken only now.
        *self.asked_twice.lock().unwrap().entry(from).or_default() += 1;
        thread::sleep(A_MOMENT);
        let told = self.ask_once(&request);
        if matches!(told, Told::Unknown) {
            self.find(format!("in peace nobody knows what became of {}", request.line()));
        }
        told
    }

    fn ask_once(&self, request: &Request) -> Told {
        let begun = Instant::now();
        let sent = request.try_send(self.address, PATIENCE);
        let took = begun.elapsed();
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = took.max(*slowest);
        drop(slowest);
        let (status, told) = match sent {
            Ok(answer) => (answer.status.to_string(), self.understand(answer)),
            Err(error) => {
                if took >= PATIENCE && self.machine.since(begun) >= PATIENCE {
                    self.find(format!("no answer in {took:?}: {error}"));
                }
                ("none".to_owned(), Told::Unknown)
            }
        };
        *self.statuses.lock().unwrap().entry(status).or_default() += 1;
        if matches!(told, Told::Unknown) {
            *self.last_unknown.lock().unwrap() = Instant::now();
        }
        told
    }

    fn understand(&self, answer: Answer) -> Told {
        match answer.status {
            200..300 => Told::Done(answer),
            400..500 => Told::Refused(answer),
            503 => {
                let is_problem = answer.header("content-type") == Some("application/problem+json");
                let wait = answer.header("retry-after").and_then(|wait| wait.parse::<u64>().ok());
                let code = serde_json::from_str::<Value>(&answer.body)
                    .map(|problem| problem["code"].clone())
                    .unwrap_or_default();
                let is_known = ["unavailable", "overloaded"].iter().any(|known| code == *known);
                if !is_problem || wait.is_none() || !is_known {
                    self.find(format!("a 503 that says little: {answer:?}"));
                }
                Told::Unknown
            }
            _ => {
                self.find(format!("an answer that must not be: {answer:?}"));
                Told::Unknown
            }
        }
    }

    /// Notes what must not be.
    pub(crate) fn find(&self, finding: impl Into<String>) {
        self.findings.lock().unwrap().push(finding.into());
    }

    pub(crate) fn findings(&self) -> Vec<String> {
        self.findings.lock().unwrap().clone()
    }

    pub(crate) fn last_unknown(&self) -> Instant {
        *self.last_unknown.lock().unwrap()
    }

    pub(crate) fn figures(&self) -> String {
        let slowest = self.slowest.lock().unwrap();
        let twice = self.all_asked_twice();
        let answers = self.statuses.lock().unwrap();
        let (done, stood_still) = (self.work.figures(), self.machine.stood_still());
        format!(
            "{done}; answers {answers:?}, slowest {slowest:.1?}; asked twice in peace: {twice}; the machine stood still \
             for {stood_still:.1?}"
        )
    }

    /// Somebody whom nobody was before, at an address of their own, and a network too.
    pub(crate) fn somebody(&self) -> (String, Ipv4Addr) {
        let number = self.people.fetch_add(1, Ordering::Relaxed);
        (format!("somebody-{number}@example.com"), person(number))
    }
}

/// Where somebody of this number comes from.
pub(crate) const fn person(number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 + number)
}
