use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::ops::Deref;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::place::Place;
use crate::port::Port;
use crate::program::Program;
use crate::server::Launch;
use crate::variables::{self, Shared};
use crate::{Error, Options, Server};

static SHARED: Shared<Redis> = Shared::new();

/// How long a replica may take until it has all that its master has.
const COPY_LIMIT: Duration = Duration::from_secs(30);

/// A Redis server of its own, without replicas unless another one is made that ([`Redis::follow`]).
#[derive(Debug)]
pub struct Redis(Server);

impl Redis {
    /// Starts one with [`Options::throwaway`].
    ///
    /// # Errors
    /// When Redis is not installed, or does not start.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&Options::throwaway())
    }

    /// Starts one.
    ///
    /// # Errors
    /// When Redis is not installed, or does not start.
    pub fn start_with(options: &Options) -> Result<Self, Error> {
        start(vec![Port::free()?], options, &[]).map(Self)
    }

    /// Makes it a replica of the server at this port of 127.0.0.1, and returns when it has all that is there. What it
    /// had itself is gone.
    ///
    /// # Errors
    /// When it does not come that far within half a minute.
    pub fn follow(&self, port: u16) -> Result<(), Error> {
        order(self, &format!("REPLICAOF 127.0.0.1 {port}"))?;
        let limit = Instant::now() + COPY_LIMIT;
        while !is_in_step(self) {
            if Instant::now() > limit {
                return Err(Error::failed("the replica does not follow", self.log()));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Makes a replica a master, as who watches over a master that is gone does.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn promote(&self) -> Result<(), Error> {
        order(self, "REPLICAOF NO ONE")
    }

    /// The URL of the server in [`variables::REDIS`], or of one that lives as long as this process.
    ///
    /// # Errors
    /// When none is named and none can be started.
    pub fn shared() -> Result<&'static str, Error> {
        variables::shared(&SHARED, variables::REDIS, || {
            Self::start().map(|server| (server.url().to_owned(), server))
        })
    }
}

impl Deref for Redis {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

/// A server on the first of these ports.
pub(crate) fn start(ports: Vec<Port>, options: &Options, more: &[String]) -> Result<Server, Error> {
    let program = Program {
        name: "redis-server",
        packages: "redis-server redis-tools",
        variable: variables::REDIS,
    };
    let program = program.find()?;
    let place = Place::new("KILL")?;
    let port = ports.first().map_or(0, Port::number);
    let mut command = vec![program.display().to_string()];
    let durability = if options.durable { DURABLE } else { THROWAWAY };
    command.extend([SETTINGS, durability].concat().into_iter().map(String::from));
    command.extend(["--port".to_owned(), port.to_string()]);
    command.extend(more.iter().cloned());
    command.extend(options.arguments.iter().cloned());
    let url = format!("redis://127.0.0.1:{port}");
    Server::start(Launch { place, ports, command, url, answers })
}

const SETTINGS: &[&str] = &[
    "--bind",
    "127.0.0.1",
    "--daemonize",
    "no",
    "--save",
    "",
    // Redis waits five seconds for more replicas before it copies to one.
    "--repl-diskless-sync-delay",
    "0",
];
const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "always"];
const THROWAWAY: &[&str] = &["--appendonly", "no"];

/// While it loads its file, it says so instead.
fn answers(_pid: u32, _place: &Place, port: u16) -> bool {
    ask(port, "PING").is_some_and(|answer| answer == "+PONG")
}

/// Gives a command whose answer is that it was done.
pub(crate) fn order(server: &Server, command: &str) -> Result<(), Error> {
    match ask(server.port(), command) {
        Some(answer) if answer == "+OK" => Ok(()),
        answer => Err(Error::failed(command, answer.unwrap_or_default())),
    }
}

/// Whether it is a replica that has all of its master's and gets what comes.
pub(crate) fn is_in_step(server: &Server) -> bool {
    let info = ask(server.port(), "INFO replication").unwrap_or_default();
    let has = |line| info.lines().any(|known| known == line);
    has("role:slave") && has("master_link_status:up")
}

/// Sends one command in the protocol's form for people, and returns the answer: a line, or the text of a bulk string.
pub(crate) fn ask(port: u16, command: &str) -> Option<String> {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    client.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    client.write_all(format!("{command}\r\n").as_bytes()).ok()?;
    let mut client = BufReader::new(client);
    let mut line = String::new();
    client.read_line(&mut line).ok()?;
    let line = line.trim_end();
    let Some(length) = line.strip_prefix('$') else {
        return Some(line.to_owned());
    };
    let mut text = vec![0; length.parse().ok()?];
    client.read_exact(&mut text).ok()?;
    String::from_utf8(text).ok()
}
