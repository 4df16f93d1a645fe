//! The binary, what it stands on, and the network between.

use std::net::SocketAddr;

use testudo_test_servers::Port;

use crate::backing::Backing;
use crate::liar::{Asked, Liar, Told};
use crate::support::{CHEAP, Server, Site, Stores};

pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) site: Site,
    /// Where people find it: the binary, or who stands before it.
    pub(crate) address: SocketAddr,
    pub(crate) backings: Vec<Backing>,
    /// Whether records are in several stores.
    pub(crate) is_split: bool,
    /// The form of tokens.
    tokens: &'static str,
    are_commits_slow: bool,
    /// It comes back where it was.
    port: Port,
    /// Whom people ask instead, if anybody.
    _liar: Option<Liar>,
    application: Option<Server>,
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
    pub(crate) fn on(name: &str, database: Option<Backing>, others: Option<Backing>) -> Self {
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

    fn begin(name: &str, site: Site, backings: Vec<Backing>) -> Self {
        let port = Port::free().unwrap();
        Self {
            name: name.to_owned(),
            site,
            address: SocketAddr::from(([127, 0, 0, 1], port.number())),
            backings,
            is_split: false,
            tokens: "opaque",
            are_commits_slow: false,
            port,
            _liar: None,
            application: None,
        }
    }

    /// With tokens of another form than the usual one.
    pub(crate) fn issuing(mut self, tokens: &'static str) -> Self {
        self.name = format!("{} with {tokens}", self.name);
        self.tokens = tokens;
        self
    }

    /// Over servers whose commits take their time: what was on its way when its connection broke lands well after the
    /// next request has looked.
    pub(crate) fn with_slow_commits(mut self) -> Self {
        self.name = format!("{} with slow commits", self.name);
        self.are_commits_slow = true;
        self
    }

    /// Starts the binary for the first time.
    pub(crate) fn start(&mut self) {
        self.restart();
        // Its tables are there now.
        for backing in self.backings.iter().filter(|_| self.are_commits_slow) {
            backing.server.be_slow();
        }
    }

    /// With a liar before it.
    pub(crate) fn behind(mut self, lie: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Self {
        let liar = Liar::before(self.address, lie);
        self.address = liar.address;
        Self { _liar: Some(liar), ..self }
    }

    /// Where the binary is, whoever stands before it.
    pub(crate) fn server(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port.number()))
    }

    /// Kills the binary, if it runs, and starts it.
    pub(crate) fn restart(&mut self) {
        drop(self.application.take().map(Server::kill));
        let address = self.server().to_string();
        let serve = ["serve", "--listen", &address, "--mail", "dir:mail", "--trusted-proxies", "1"];
        let more = ["--refresh-grace", "60", "--tokens", self.tokens];
        let mut command = self.site.command(&[&serve, &CHEAP[..], &more].concat());
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
