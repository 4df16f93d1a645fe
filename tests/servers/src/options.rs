/// How a server is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub(crate) durable: bool,
    pub(crate) arguments: Vec<String>,
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
}
