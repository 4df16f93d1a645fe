//! The binary, what it stands on, and the network between.

use std::net::{SocketAddr, TcpListener};
use std::ops::Deref;
use std::thread;
use std::time::{Duration, Instant};

use testudo_test_servers::proxy::Proxy;
use testudo_test_servers::{Database, MariaDb, Options, Postgres, Redis, Server as Killable};

use crate::support::{CHEAP, Server, Site, Stores};

pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) site: Site,
    pub(crate) address: SocketAddr,
    pub(crate) backings: Vec<Backing>,
    /// Whether records are in several stores.
    pub(crate) is_split: bool,
    application: Option<Server>,
}

/// A server that the binary stands on, and the way to it.
pub(crate) struct Backing {
    pub(crate) proxy: Proxy,
    url: String,
    /// Dropped while there is the server.
    _database: Option<Database>,
    pub(crate) server: Box<dyn Survivor>,
}

/// A server that is killed and comes back.
pub(crate) trait Survivor: Deref<Target = Killable> {
    /// Whether it is carrying something out, perhaps for somebody who is there no more.
    fn is_busy(&self) -> bool;
}

impl Survivor for Postgres {
    fn is_busy(&self) -> bool {
        self.is_busy().unwrap()
    }
}

impl Survivor for MariaDb {
    fn is_busy(&self) -> bool {
        self.is_busy().unwrap()
    }
}

/// One command at a time, and no transactions.
impl Survivor for Redis {
    fn is_busy(&self) -> bool {
        false
    }
}

impl Backing {
    pub(crate) fn postgres() -> Self {
        let server = Postgres::start_with(&Options::durable()).unwrap();
        let url = server.url().to_owned();
        Self::behind_proxy(Box::new(server), url, None)
    }

    pub(crate) fn mysql() -> Self {
        let server = MariaDb::start_with(&Options::durable()).unwrap();
        let database = Database::on_mysql(server.url()).unwrap();
        let url = database.url().to_owned();
        Self::behind_proxy(Box::new(server), url, Some(database))
    }

    pub(crate) fn redis() -> Self {
        let server = Redis::start_with(&Options::durable()).unwrap();
        let url = server.url().to_owned();
        Self::behind_proxy(Box::new(server), url, None)
    }

    /// Waits until nothing is carried out there any more. What was asked for by somebody who was killed since may be
    /// done for a while yet, and nobody was told that it was not.
    pub(crate) fn wait_until_idle(&self) {
        let begun = Instant::now();
        while self.server.is_busy() {
            assert!(begun.elapsed() < Duration::from_secs(30), "a database that is busy for ever");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn behind_proxy(server: Box<dyn Survivor>, url: String, database: Option<Database>) -> Self {
        let port = server.port();
        let proxy = Proxy::to(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
        let url = url.replace(&format!(":{port}"), &format!(":{}", proxy.address().port()));
        Self { proxy, url, _database: database, server }
    }
}

impl Scene {
    pub(crate) fn on_sqlite() -> Self {
        Self::begin("sqlite", Site::on_sqlite("it is the one that is killed"), Vec::new())
    }

    /// Which loses everything with the first kill.
    pub(crate) fn on_memory() -> Self {
        let secret = "a secret that outlives the process".to_owned();
        let variables = [("TESTUDO_DATABASE", "memory:".to_owned()), ("TESTUDO_SECRET", secret)];
        Self::begin("memory", Site::over(Stores::in_variables(variables)), Vec::new())
    }

    /// Over a database, or SQLite; with sessions and limits elsewhere if that is said.
    pub(crate) fn on(
        name: &'static str,
        database: Option<Backing>,
        others: Option<Backing>,
    ) -> Self {
        let mut variables =
            vec![("TESTUDO_SECRET", "a secret that outlives the process".to_owned())];
        if let Some(database) = &database {
            variables.push(("TESTUDO_DATABASE", database.url.clone()));
        }
        if let Some(others) = &others {
            variables.push(("TESTUDO_SESSIONS", others.url.clone()));
            variables.push(("TESTUDO_LIMITS", others.url.clone()));
        }
        let is_split = others.is_some();
        let backings = database.into_iter().chain(others).collect();
        let site = Site::over(Stores::in_variables(variables));
        Self { is_split, ..Self::begin(name, site, backings) }
    }

    fn begin(name: &'static str, site: Site, backings: Vec<Backing>) -> Self {
        // It comes back where it was.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let is_split = false;
        let mut scene = Self { name, site, address, backings, is_split, application: None };
        scene.restart();
        scene
    }

    /// Kills the binary, if it runs, and starts it.
    pub(crate) fn restart(&mut self) {
        drop(self.application.take().map(Server::kill));
        let address = self.address.to_string();
        let serve = ["serve", "--listen", &address, "--mail", "dir:mail", "--trusted-proxies", "1"];
        let mut command =
            self.site.command(&[&serve, &CHEAP[..], &["--refresh-grace", "60"]].concat());
        // Faults are what this is about: their lines are many.
        command.env("RUST_LOG", "warn,testudo=info,testudo::audit=off");
        self.application = Some(Server::start(command));
    }

    pub(crate) fn signal(&self, name: &str) {
        self.application.as_ref().unwrap().signal(name);
    }

    /// What the binary has said since it was started last.
    pub(crate) fn log(&self) -> String {
        self.application.as_ref().unwrap().log()
    }
}
