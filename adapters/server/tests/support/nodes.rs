//! Several servers on the same records.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::process::{Server, Site};
use super::visitor::CHEAP;

/// Servers, of which each request goes to the next one.
pub(crate) struct Nodes {
    servers: Vec<Server>,
    next: AtomicUsize,
}

impl Nodes {
    /// Starts one for each clock, which is empty where it is right, or says by how much it is wrong: `+30s`.
    pub(crate) fn start(site: &Site, clocks: &[&str], arguments: &[&str]) -> Self {
        let serve = ["serve", "--listen", "127.0.0.1:0", "--mail", "dir:mail"];
        let all = [&serve, &CHEAP[..], arguments].concat();
        let start = |clock: &&str| {
            let mut command = site.command(&all);
            if !clock.is_empty() {
                command.env("LD_PRELOAD", faketime()).env("FAKETIME", clock);
                // What is waited for takes as long as ever.
                command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            }
            Server::start(command)
        };
        Self { servers: clocks.iter().map(start).collect(), next: AtomicUsize::new(0) }
    }

    pub(crate) fn all(&self) -> &[Server] {
        &self.servers
    }

    /// The one whose turn it is.
    pub(crate) fn next(&self) -> &Server {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        &self.servers[turn % self.servers.len()]
    }
}

/// The library, where Debian has it or where the variable says.
fn faketime() -> PathBuf {
    if let Some(named) = std::env::var_os("TESTUDO_TEST_FAKETIME") {
        return named.into();
    }
    let directories = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut found = directories.map(|path| path.join("faketime/libfaketime.so.1"));
    let found = found.find(|path| path.exists());
    found.expect("there is no libfaketime: install it, or name it in TESTUDO_TEST_FAKETIME")
}
