//! Certificates of servers that are called `localhost`, of which one is trusted.

use std::path::PathBuf;

use tempfile::TempDir;
use testudo_test_servers::Options;

/// Two that know nothing of each other, for the same name. Each is its own authority.
pub(crate) struct Certificates {
    directory: TempDir,
    /// Certificate and key of the server, in PEM.
    server: [String; 2],
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let make = |file: &str| {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            std::fs::write(directory.path().join(file), made.cert.pem()).unwrap();
            [made.cert.pem(), made.signing_key.serialize_pem()]
        };
        let server = make("right.pem");
        make("foreign.pem");
        Self { directory, server }
    }

    /// How a server is started that has the first of them.
    pub(crate) fn options(&self) -> Options {
        let [certificate, key] = &self.server;
        Options::throwaway().tls(certificate, key)
    }

    /// What the server is known by.
    pub(crate) fn right(&self) -> PathBuf {
        self.directory.path().join("right.pem")
    }

    /// What another server of this name would be known by.
    pub(crate) fn foreign(&self) -> PathBuf {
        self.directory.path().join("foreign.pem")
    }
}
