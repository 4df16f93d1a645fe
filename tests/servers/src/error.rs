use std::fmt;
use std::path::Path;

/// Why there is no server. Its `Debug` is its text, so that `unwrap` in a test says what to do.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The machine has not got the program.
    #[error(
        "\n\nNO SERVER: {program} is not installed, and this test needs it. Install it, on Debian with\n    \
         RUNLEVEL=1 apt-get install --no-install-recommends {packages}\n\
         or name a server that may be used up in {variable}. `tests/run` installs it by itself where it may;\n\
         TESTUDO_WITHOUT_SERVERS=1 tests/run leaves out what needs servers.\n"
    )]
    Missing {
        /// The program that was looked for.
        program: &'static str,
        /// The Debian packages that bring it.
        packages: &'static str,
        /// The variable that names a server instead.
        variable: &'static str,
    },
    /// The server or one of its tools did not do what it should.
    #[error("{what}\n{details}")]
    Failed {
        /// What was tried.
        what: String,
        /// What it said, or the end of its log.
        details: String,
    },
}

impl Error {
    pub(crate) fn failed(what: impl Into<String>, details: impl fmt::Display) -> Self {
        Self::Failed { what: what.into(), details: details.to_string() }
    }

    /// For what is done with files and processes at `path`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::failed(path.display().to_string(), error)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
