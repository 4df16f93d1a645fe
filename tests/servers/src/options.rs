use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::Error;

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) durable: bool,
    pub(crate) arguments: Vec<String>,
    pub(crate) tls: Option<Tls>,
}

/// Both in PEM.
#[derive(Clone)]
pub(crate) struct Tls {
    certificate: String,
    key: String,
}

impl Options {
    /// As fast as can be: what was acknowledged may be lost when the server is killed. The default.
    pub fn throwaway() -> Self {
        Self::default()
    }

    /// What is acknowledged is on the disk: `fsync` and `synchronous_commit`, `innodb-flush-log-at-trx-commit=1`,
    /// `appendonly yes` with `appendfsync always`. For tests that kill the server.
    pub fn durable() -> Self {
        Self { durable: true, ..Self::default() }
    }

    /// One more argument of the server's command line, behind those that it has anyway, so that it wins.
    ///
    /// ```
    /// use testudo_test_servers::Options;
    ///
    /// let big = Options::throwaway().argument("--innodb-buffer-pool-size=1G");
    /// ```
    #[must_use]
    pub fn argument(mut self, argument: impl Into<String>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Has Postgres or MariaDB take connections over TLS too, with this certificate and key in PEM. The URL of the server
    /// is still one without.
    #[must_use]
    pub fn tls(mut self, certificate: impl Into<String>, key: impl Into<String>) -> Self {
        self.tls = Some(Tls { certificate: certificate.into(), key: key.into() });
        self
    }
}

impl Tls {
    /// Writes certificate and key to files, which only their owner may read.
    pub(crate) fn write(&self, directory: &Path) -> Result<[PathBuf; 2], Error> {
        let write = |name: &str, pem: &str| {
            let file = directory.join(name);
            let private = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
            let written = private.and_then(|mut private| private.write_all(pem.as_bytes()));
            written.map_err(Error::at(&file))?;
            Ok(file)
        };
        Ok([write("certificate.pem", &self.certificate)?, write("key.pem", &self.key)?])
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
