//! A network that misbehaves when it is told to.
//!
//! A [`Proxy`] stands between a client and a server on this machine and forwards bytes. On command it drops the
//! connections, refuses new ones, holds bytes back, closes one half, or cuts a connection after so many bytes, so that
//! an answer is lost when what it tells has been done already. [`Proxy::heal`] ends all of it. And it leads to another
//! server, as a name does that moves ([`Proxy::lead_to`]).

mod connection;
mod listening;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use self::connection::Connection;
use crate::Port;

/// A proxy on a port of its own. Dropping it drops its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Kept while connections are refused, when nobody listens there.
    _port: Port,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Requests,
    /// From the server to the client.
    Answers,
}

/// What becomes of bytes that arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Behaviour {
    #[default]
    Forward,
    /// Each piece is held back so long.
    Delay(Duration),
    /// Nothing goes through, and nobody is told.
    Freeze,
    /// A connection ends when so many bytes more have gone through it in this direction.
    Cut(Direction, u64),
    /// As the first connection does to which that happens; from then on everything is forwarded.
    CutOnce(Direction, u64),
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// How many bytes went through, of requests and of answers.
    passed: [AtomicU64; 2],
}

#[derive(Debug)]
struct State {
    target: SocketAddr,
    behaviour: Behaviour,
    /// How often the behaviour was changed: bytes are counted from the last time.
    changes: u64,
    refuses: bool,
    over: bool,
    connections: Vec<Weak<Connection>>,
}

impl Proxy {
    /// Forwards to a server, from a free port of 127.0.0.1.
    ///
    /// The server need not be there yet: a client that comes while it is not finds its connection closed.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    ///
    /// ```
    /// use std::io::{Read as _, Write as _};
    /// use std::net::{TcpListener, TcpStream};
    /// use testudo_test_servers::proxy::{Direction, Proxy};
    ///
    /// let server = TcpListener::bind("127.0.0.1:0")?;
    /// let proxy = Proxy::to(server.local_addr()?)?;
    /// proxy.cut_after(Direction::Answers, 2);
    /// let mut client = TcpStream::connect(proxy.address())?;
    /// server.accept()?.0.write_all(b"done")?;
    /// let mut seen = Vec::new();
    /// client.read_to_end(&mut seen)?;
    /// assert_eq!(seen, b"do");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn to(target: SocketAddr) -> io::Result<Self> {
        let port = Port::free().map_err(io::Error::other)?;
        let (listener, address) = listening::on(&port)?;
        let state = Mutex::new(State::new(target));
        let shared = Arc::new(Shared {
            state,
            changed: Condvar::new(),
            passed: [const { AtomicU64::new(0) }; 2],
        });
        let accepting = Arc::clone(&shared);
        thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || listening::accept(&accepting, listener, address))?;
        Ok(Self { address, shared, _port: port })
    }

    /// Where clients connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections that there are. New ones are served.
    pub fn drop_connections(&self) {
        self.shared.each(Connection::close);
    }

    /// Leads to another server from now on, as a name or a virtual address does that moves: connections that there are
    /// end, and new ones go there.
    pub fn lead_to(&self, target: SocketAddr) {
        self.lead_new_to(target);
        self.drop_connections();
    }

    /// As [`Proxy::lead_to`], but connections that there are go on, as those do whose server is still there when its name
    /// moves.
    pub fn lead_new_to(&self, target: SocketAddr) {
        self.shared.lock().target = target;
    }

    /// Refuses new connections, as a port does on which nobody listens. Those that there are go on.
    pub fn refuse(&self) {
        self.shared.lock().refuses = true;
    }

    /// Holds each piece that comes back for a time, in both directions.
    pub fn delay(&self, by: Duration) {
        self.shared.behave(Behaviour::Delay(by));
    }

    /// Lets nothing through any more, and tells nobody: what a cable does that is pulled.
    pub fn freeze(&self) {
        self.shared.behave(Behaviour::Freeze);
    }

    /// Ends each connection, new ones too, when so many bytes more have gone through it in one direction.
    ///
    /// With [`Direction::Answers`] the server has done what it was asked for, and the client does not learn it.
    pub fn cut_after(&self, direction: Direction, bytes: u64) {
        self.shared.behave(Behaviour::Cut(direction, bytes));
    }

    /// As [`Proxy::cut_after`], but only the first connection to which it happens: whoever connects then finds the network
    /// as good as new, and can do harm by asking again.
    pub fn cut_once_after(&self, direction: Direction, bytes: u64) {
        self.shared.behave(Behaviour::CutOnce(direction, bytes));
    }

    /// How many bytes went through so far in one direction, on all connections together.
    #[must_use]
    pub fn passed(&self, direction: Direction) -> u64 {
        self.shared.passed(direction).load(Ordering::SeqCst)
    }

    /// Closes one half of all connections that there are: whoever reads there comes to the end, and the other half
    /// goes on.
    pub fn half_close(&self, direction: Direction) {
        self.shared.each(|connection| connection.close_half(direction));
    }

    /// Forwards everything again. What was held back goes on.
    pub fn heal(&self) {
        self.shared.lock().refuses = false;
        self.shared.behave(Behaviour::Forward);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.lock().over = true;
        self.shared.behave(Behaviour::Forward);
        self.drop_connections();
    }
}

impl State {
    fn new(target: SocketAddr) -> Self {
        Self {
            target,
            behaviour: Behaviour::default(),
            changes: 0,
            refuses: false,
            over: false,
            connections: Vec::new(),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    const fn passed(&self, direction: Direction) -> &AtomicU64 {
        let [requests, answers] = &self.passed;
        match direction {
            Direction::Requests => requests,
            Direction::Answers => answers,
        }
    }

    fn behave(&self, behaviour: Behaviour) {
        let mut state = self.lock();
        state.behaviour = behaviour;
        state.changes = state.changes.wrapping_add(1);
        drop(state);
        self.changed.notify_all();
    }

    fn each(&self, act: impl Fn(&Connection)) {
        let mut state = self.lock();
        state.connections.retain(|connection| connection.strong_count() > 0);
        let connections = state.connections.clone();
        drop(state);
        connections.iter().filter_map(Weak::upgrade).for_each(|connection| act(&connection));
    }
}
