//! The binary, what it stands on, and the network between.

use std::net::{SocketAddr, TcpListener};
use std::ops::Deref;

use testudo_test_servers::Server as Killable;
use testudo_test_servers::proxy::Proxy;

use crate::support::{CHEAP, Server, Site, Stores};

pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) site: Site,
    pub(crate) address: SocketAddr,
    pub(crate) backings: Vec<Backing>,
    application: Option<Server>,
}

/// A server that the binary stands on, and the way to it.
pub(crate) struct Backing {
    pub(crate) server: Box<dyn Deref<Target = Killable>>,
    pub(crate) proxy: Proxy,
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

    fn begin(name: &'static str, site: Site, backings: Vec<Backing>) -> Self {
        // It comes back where it was.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut scene = Self { name, site, address, backings, application: None };
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
