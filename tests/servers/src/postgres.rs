use std::ops::Deref;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use crate::database::psql;
use crate::place::Place;
use crate::port::Port;
use crate::program::{Program, command_of, run};
use crate::server::Launch;
use crate::variables::{self, Shared};
use crate::{Error, Options, Server};

static SHARED: Shared<Postgres> = Shared::new();

/// A PostgreSQL server. Its superuser is `postgres`, without a password.
#[derive(Debug)]
pub struct Postgres(Server);

impl Postgres {
    /// Starts one with [`Options::throwaway`].
    ///
    /// # Errors
    /// When Postgres is not installed, or does not start.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&Options::throwaway())
    }

    /// Starts one.
    ///
    /// # Errors
    /// When Postgres is not installed, or does not start.
    pub fn start_with(options: &Options) -> Result<Self, Error> {
        let (postgres, initdb) = (program("postgres").find()?, program("initdb").find()?);
        // Without warning it leaves a segment of shared memory (System V) behind.
        let place = Place::new("QUIT")?;
        let port = Port::free()?;
        let user = unprivileged(place.path())?;

        let mut initdb = vec![initdb.display().to_string()];
        initdb.extend(INITDB.map(String::from));
        let setup = [user.as_slice(), &initdb].concat();
        run(command_of(&setup).current_dir(place.path()))?;

        let mut command = user;
        command.push(postgres.display().to_string());
        command.extend(settings(port.number(), options.durable));
        command.extend(options.arguments.iter().cloned());
        let url =
            format!("postgres://postgres@127.0.0.1:{}/postgres?sslmode=disable", port.number());
        let launch = Launch { place, ports: vec![port], command, url, answers };
        Server::start(launch).map(Self)
    }

    /// The URL of the server in [`variables::POSTGRES`], or of one that lives as long as this process.
    ///
    /// # Errors
    /// When none is named and none can be started.
    pub fn shared() -> Result<&'static str, Error> {
        variables::shared(&SHARED, variables::POSTGRES, || {
            Self::start().map(|server| (server.url().to_owned(), server))
        })
    }
}

impl Postgres {
    /// Whether it is carrying something out, perhaps for somebody who is there no more.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn is_busy(&self) -> Result<bool, Error> {
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
            AND backend_type = 'client backend' AND state <> 'idle'";
        Ok(psql(self.url(), busy)? != "0")
    }
}

impl Deref for Postgres {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

pub(crate) fn program(name: &'static str) -> Program {
    Program { name, packages: "postgresql", variable: variables::POSTGRES }
}

const INITDB: [&str; 7] = [
    "--pgdata=data",
    "--auth=trust",
    "--username=postgres",
    "--no-sync",
    "--no-instructions",
    "--encoding=UTF8",
    "--locale=C",
];

fn settings(port: u16, durable: bool) -> Vec<String> {
    let mut settings = vec!["-D".to_owned(), "data".to_owned()];
    let common = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        "unix_socket_directories=".to_owned(),
        "max_connections=400".to_owned(),
        "shared_buffers=64MB".to_owned(),
        // A file in its directory and nothing in /dev/shm, where it would stay behind.
        "dynamic_shared_memory_type=mmap".to_owned(),
    ];
    let fast: &[&str] = match durable {
        true => &[],
        false => &["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
    };
    for setting in common.into_iter().chain(fast.iter().map(ToString::to_string)) {
        settings.extend(["-c".to_owned(), setting]);
    }
    settings
}

/// How a command is run as somebody whom Postgres accepts, with `directory` being theirs: root it refuses.
fn unprivileged(directory: &Path) -> Result<Vec<String>, Error> {
    if !rustix::process::getuid().is_root() {
        return Ok(Vec::new());
    }
    let (user, group) = ids("postgres").or_else(|_| ids("nobody"))?;
    chown(directory, Some(user), Some(group)).map_err(Error::at(directory))?;
    // It becomes the server, so that the child of this process is the server.
    Ok(vec![
        "setpriv".to_owned(),
        format!("--reuid={user}"),
        format!("--regid={group}"),
        "--clear-groups".to_owned(),
        "--".to_owned(),
    ])
}

fn ids(name: &str) -> Result<(u32, u32), Error> {
    let id = |which| {
        run(Command::new("id").args([which, name]))?
            .parse()
            .map_err(|error| Error::failed(format!("the ids of {name}"), error))
    };
    Ok((id("-u")?, id("-g")?))
}

/// Its own file says so, in the first line and the eighth, with which `pg_ctl` waits too.
fn answers(pid: u32, place: &Place, _port: u16) -> bool {
    let file = std::fs::read_to_string(place.path().join("data/postmaster.pid"));
    let file = file.unwrap_or_default();
    let mut lines = file.lines().map(str::trim);
    lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some("ready")
}
