use std::ops::Deref;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::database::psql;
use crate::place::Place;
use crate::port::Port;
use crate::program::{Program, command_of, run};
use crate::server::Launch;
use crate::variables::{self, Shared};
use crate::{Error, Options, Server};

static SHARED: Shared<Postgres> = Shared::new();

/// How long a standby may take until its primary has it.
const STANDBY_LIMIT: Duration = Duration::from_secs(30);

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
        let mut initdb = vec![program("initdb").find()?.display().to_string()];
        initdb.extend(INITDB.map(String::from));
        Self::launch(&initdb, options)
    }

    /// Starts a standby of this server, which gets what is written here over a stream, and answers reads. It returns
    /// when it does. Until [`Postgres::wait_for_standby`], commits here do not wait for it.
    ///
    /// # Errors
    /// When it does not start, or gets nothing.
    pub fn standby(&self, options: &Options) -> Result<Self, Error> {
        self.standby_through(self.port(), options)
    }

    /// The same; it reaches this server through a port of 127.0.0.1 that leads to it, such as that of a
    /// [`Proxy`](crate::proxy::Proxy).
    ///
    /// # Errors
    /// When it does not start, or gets nothing.
    pub fn standby_through(&self, port: u16, options: &Options) -> Result<Self, Error> {
        let mut copy = vec![program("pg_basebackup").find()?.display().to_string()];
        copy.extend(COPY.map(String::from));
        let source = format!("host=127.0.0.1 port={port} user=postgres");
        copy.push(format!("--dbname={source} application_name={STANDBY}"));
        let standby = Self::launch(&copy, options)?;
        self.wait_until_standby("state = 'streaming'")?;
        Ok(standby)
    }

    /// From now on a commit here waits until the standby has it on disk (`synchronous_standby_names`), where
    /// `synchronous_commit` is on, as with [`Options::durable`].
    ///
    /// # Errors
    /// When there is no standby.
    pub fn wait_for_standby(&self) -> Result<(), Error> {
        self.query(&format!("ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'"))?;
        self.query("SELECT pg_reload_conf()")?;
        self.wait_until_standby("sync_state = 'sync'")?;
        // Who makes the checkpoint is who tells all others that they wait: it has by then.
        self.query("CHECKPOINT").map(drop)
    }

    /// Makes a standby a primary, and returns when it takes writes.
    ///
    /// # Errors
    /// When it is none, or does not become one within a minute.
    pub fn promote(&self) -> Result<(), Error> {
        match self.query("SELECT pg_promote(true, 60)")?.as_str() {
            "t" => Ok(()),
            _ => Err(Error::failed("the standby is not promoted", self.log())),
        }
    }

    fn wait_until_standby(&self, condition: &str) -> Result<(), Error> {
        let question = format!("SELECT count(*) FROM pg_stat_replication WHERE {condition}");
        let limit = Instant::now() + STANDBY_LIMIT;
        while self.query(&question)? == "0" {
            if Instant::now() > limit {
                return Err(Error::failed("the standby does not follow", self.log()));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Runs a statement as the superuser, and returns what it answers: a line for each row.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub fn query(&self, statement: &str) -> Result<String, Error> {
        let arguments = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command"];
        run(Command::new(program("psql").find()?).args(arguments).args([
            statement,
            "--dbname",
            self.url(),
        ]))
    }

    /// Starts one on what a tool puts into the directory `data`.
    fn launch(tool: &[String], options: &Options) -> Result<Self, Error> {
        let postgres = program("postgres").find()?;
        // Without warning it leaves a segment of shared memory (System V) behind.
        let place = Place::new("QUIT")?;
        let port = Port::free()?;
        let user = unprivileged(place.path())?;
        run(command_of(&[user.as_slice(), tool].concat()).current_dir(place.path()))?;

        let mut tls = Vec::new();
        if let Some(files) = &options.tls {
            let [certificate, key] = files.write(place.path())?;
            // It refuses a key that belongs to somebody else.
            unprivileged(&key).and_then(|_| unprivileged(&certificate))?;
            tls.push("ssl=on".to_owned());
            tls.push(format!("ssl_cert_file={}", certificate.display()));
            tls.push(format!("ssl_key_file={}", key.display()));
        }
        let mut command = user;
        command.push(postgres.display().to_string());
        command.extend(settings(port.number(), options.durable));
        command.extend(tls.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
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

/// The name by which a primary knows its standby.
const STANDBY: &str = "standby";

const COPY: [&str; 5] =
    ["--pgdata=data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--no-password"];

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

/// How a command is run as somebody whom Postgres accepts, with what is at `path` being theirs: root it refuses.
fn unprivileged(path: &Path) -> Result<Vec<String>, Error> {
    if !rustix::process::getuid().is_root() {
        return Ok(Vec::new());
    }
    let (user, group) = ids("postgres").or_else(|_| ids("nobody"))?;
    chown(path, Some(user), Some(group)).map_err(Error::at(path))?;
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
