//! The master secrets: from the environment, or from a file that is made once.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use testudo::KeyRing;
use tracing::warn;
use zeroize::Zeroizing;

use crate::config::{Database, Stores};
use crate::failure::{Failure, while_doing};
use crate::variable;

const VARIABLE: &str = "TESTUDO_SECRET";
const FILE_NAME: &str = "testudo.secret";

/// Where the secrets came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `TESTUDO_SECRET`.
    Variable,
    /// A file that was there.
    File(PathBuf),
    /// A file that was made just now.
    NewFile(PathBuf),
    /// Nowhere: made just now, and forgotten at the end.
    Temporary,
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => out.write_str(VARIABLE),
            Self::File(path) => write!(out, "the file {}", path.display()),
            Self::NewFile(path) => write!(out, "the file {}, made just now", path.display()),
            Self::Temporary => out.write_str("made just now and forgotten at the end"),
        }
    }
}

/// The secrets to serve with: those of `TESTUDO_SECRET`; without it, for SQLite, those of the file
/// beside the database, which is made if there is none; and for a store in memory temporary ones. A database that
/// several nodes may share has none beside it.
///
/// # Errors
///
/// When they cannot be read or made, or are no secrets; the message says what to do.
pub(crate) fn load(stores: &Stores) -> Result<(KeyRing, Origin), Failure> {
    let (secrets, origin) = match (variable::secret(VARIABLE)?, stores.main()) {
        (Some(secrets), _) => (secrets, Origin::Variable),
        (None, Database::Sqlite(path)) => beside(path)?,
        (None, Database::Memory) => (random()?, Origin::Temporary),
        (None, _) => return Err(unset()),
    };
    let keys = KeyRing::parse(&secrets).map_err(|error| match &origin {
        Origin::File(path) => Failure::new(format!("{}: {error}", path.display())),
        _ => Failure::new(format!("{VARIABLE}: {error}")),
    })?;
    #[cfg(unix)]
    if let Origin::File(path) = &origin {
        warn_if_shared(path);
    }
    Ok((keys, origin))
}

/// Sees to it that there are secrets, where none can be made: before anything is opened.
///
/// # Errors
///
/// When they must be set and are not.
pub(crate) fn require(stores: &Stores) -> Result<(), Failure> {
    match stores.main() {
        Database::Sqlite(_) | Database::Memory => Ok(()),
        _ => variable::secret(VARIABLE)?.map(drop).ok_or_else(unset),
    }
}

fn unset() -> Failure {
    Failure::new(format!(
        "{VARIABLE} is not set: make a secret with `testudo secret new`, and set it to the same on all nodes"
    ))
}

/// 32 random bytes as base64url.
///
/// # Errors
///
/// When the system gives no randomness.
pub(crate) fn random() -> Result<Zeroizing<String>, Failure> {
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes()?.as_slice())))
}

/// 32 random bytes as webhooks want them.
///
/// # Errors
///
/// When the system gives no randomness.
pub(crate) fn random_for_webhooks() -> Result<Zeroizing<String>, Failure> {
    let encoded = Zeroizing::new(STANDARD.encode(random_bytes()?.as_slice()));
    Ok(Zeroizing::new(format!("whsec_{}", encoded.as_str())))
}

fn random_bytes() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(while_doing("the operating system gives no random bytes"))?;
    Ok(bytes)
}

/// The secrets of the file beside a database.
fn beside(database: &Path) -> Result<(Zeroizing<String>, Origin), Failure> {
    let path = database.with_file_name(FILE_NAME);
    let explain = |error: io::Error| {
        let path = path.display();
        Failure::new(format!(
            "the secret file {path} cannot be read or made ({error}): set {VARIABLE}"
        ))
    };
    match read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => {
            return found.map(|secrets| (secrets, Origin::File(path.clone()))).map_err(explain);
        }
    }
    if make(&path, &random()?).map_err(explain)? {
        let secrets = read(&path).map_err(explain)?;
        return Ok((secrets, Origin::NewFile(path)));
    }
    // Another process was first: both serve with the same.
    let secrets = read(&path).map_err(explain)?;
    Ok((secrets, Origin::File(path)))
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    fs::read_to_string(path).map(Zeroizing::new)
}

/// No more than a warning: some platforms open the files of a volume to a group at every start, and a
/// server that then refuses to start helps nobody.
#[cfg(unix)]
fn warn_if_shared(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    if fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
        let path = path.display();
        warn!("others than its owner may use the secret file: chmod 600 {path}");
    }
}

/// Makes the file, for its owner alone, unless there is one; says whether it did.
///
/// It appears under its name only when it is whole, so that no other process reads half a secret, and
/// never takes the place of one that is there.
fn make(path: &Path, secret: &str) -> io::Result<bool> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new().prefix(FILE_NAME).tempfile_in(directory)?;
    writeln!(file, "{secret}")?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error.error),
    }
    #[cfg(unix)]
    fs::File::open(directory)?.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_processes_that_start_at_once_all_serve_with_the_same_secret() {
        let directory = tempfile::tempdir().unwrap();
        let database = directory.path().join("testudo.db");
        let start = std::sync::Barrier::new(16);
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let one = || {
                start.wait();
                beside(&database).unwrap()
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|(secret, _)| *secret == secrets[0].0));
        let makers = secrets.iter().filter(|(_, origin)| matches!(origin, Origin::NewFile(_)));
        assert_eq!(makers.count(), 1);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "something was left behind");
    }

    #[test]
    fn a_random_secret_makes_a_key_ring() {
        let (one, two) = (random().unwrap(), random().unwrap());
        assert_ne!(*one, *two);
        assert_eq!(one.len(), 43);
        assert!(KeyRing::parse(&one).is_ok());
    }
}
