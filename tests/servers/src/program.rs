use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// A program of a server, and who brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) packages: &'static str,
    pub(crate) variable: &'static str,
}

impl Program {
    /// Where it is: in `PATH`, where an ordinary user does not look, or where Debian hides Postgres (the newest).
    pub(crate) fn find(self) -> Result<PathBuf, Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut postgres: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|version| version.path().join("bin"))
            .collect();
        postgres.sort();
        postgres
            .into_iter()
            .rev()
            .chain(std::env::split_paths(&path))
            .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
            .map(|directory| directory.join(self.name))
            .find(|file| file.is_file())
            .ok_or(Error::Missing {
                program: self.name,
                packages: self.packages,
                variable: self.variable,
            })
    }
}

/// A command line: a program, and behind it its arguments.
pub(crate) fn command_of(line: &[String]) -> Command {
    let mut parts = line.iter();
    let mut command = Command::new(parts.next().map_or("", String::as_str));
    command.args(parts);
    command
}

/// Runs a tool to its end, and returns what it printed.
pub(crate) fn run(command: &mut Command) -> Result<String, Error> {
    let what = Path::new(command.get_program()).display().to_string();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::failed(what.as_str(), error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::failed(format!("{what}: {}", output.status), said.trim()))
}
