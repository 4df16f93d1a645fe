use std::fmt;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::Error;
use crate::place::Place;
use crate::port::Port;
use crate::program::command_of;

/// Also for what a server has to recover after it was killed.
const START_LIMIT: Duration = Duration::from_secs(60);

/// How one kind of server is run.
pub(crate) struct Launch {
    pub(crate) place: Place,
    /// All ports that it listens at; the first is that for clients.
    pub(crate) ports: Vec<Port>,
    /// The program, and behind it the arguments.
    pub(crate) command: Vec<String>,
    pub(crate) url: String,
    /// Whether the server with this process id answers at this port.
    pub(crate) answers: fn(u32, &Place, u16) -> bool,
}

/// A server that runs, in its own directory and on its own port; both stay the same over restarts.
///
/// Its methods block the thread, for as long as the server takes; they may be called from other threads than the one
/// that started it. Dropping it ends the server and removes its directory.
pub struct Server {
    launch: Launch,
    /// Behind `launch`, whose clean-up ends it, so that it is waited for afterwards.
    child: Reaped,
}

struct Reaped(Mutex<Option<Child>>);

impl Server {
    pub(crate) fn start(launch: Launch) -> Result<Self, Error> {
        let server = Self { launch, child: Reaped(Mutex::new(None)) };
        server.restart()?;
        Ok(server)
    }

    /// Where clients find it: a URL with the address 127.0.0.1 and without a password.
    pub fn url(&self) -> &str {
        &self.launch.url
    }

    /// The port for clients.
    pub fn port(&self) -> u16 {
        self.launch.ports.first().map_or(0, Port::number)
    }

    /// The port for the other nodes of a cluster.
    pub(crate) fn bus_port(&self) -> u16 {
        self.launch.ports.get(1).map_or(0, Port::number)
    }

    /// The port for clients that use TLS.
    pub(crate) fn tls_port(&self) -> u16 {
        self.launch.ports.get(2).map_or(0, Port::number)
    }

    /// The directory that everything of it is in; its working directory, or a directory in that.
    pub fn directory(&self) -> &Path {
        self.launch.place.path()
    }

    /// What the server has said so far.
    pub fn log(&self) -> String {
        let log = std::fs::read(self.log_file()).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Kills the server and all its children with SIGKILL, and returns when they are gone.
    ///
    /// # Errors
    /// When it was not running.
    pub fn kill_9(&self) -> Result<(), Error> {
        let mut child = self.child.lock();
        let Some(mut killed) = child.take() else {
            return Err(Error::failed("kill -9", "the server is not running"));
        };
        self.launch.place.signal(Signal::KILL);
        let _ = killed.wait();
        while self.launch.place.running().next().is_some() {
            sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Starts the server again after [`Server::kill_9`], with what it has on disk, and returns when it answers.
    ///
    /// # Errors
    /// When it is still running, or does not start.
    pub fn restart(&self) -> Result<(), Error> {
        let mut running = self.child.lock();
        if running.is_some() {
            return Err(Error::failed("restart", "the server is still running"));
        }
        let child = running.insert(self.spawn()?);
        let limit = Instant::now() + START_LIMIT;
        while !(self.launch.answers)(child.id(), &self.launch.place, self.port()) {
            let ended = child.try_wait().map_err(|error| Error::failed("wait", error))?;
            if ended.is_some() || Instant::now() > limit {
                let what = format!("{} does not start", self.program());
                return Err(Error::failed(what, self.log()));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Stops the server and all its children where they are (SIGSTOP), and returns when they are: connections stay open
    /// and nobody answers.
    pub fn pause(&self) {
        self.launch.place.stop();
    }

    /// Lets the server go on after [`Server::pause`] (SIGCONT).
    pub fn resume(&self) {
        self.launch.place.signal(Signal::CONT);
    }

    fn spawn(&self) -> Result<Child, Error> {
        let file = self.log_file();
        let log =
            File::options().create(true).append(true).open(&file).map_err(Error::at(&file))?;
        let copy = log.try_clone().map_err(Error::at(&file))?;
        command_of(&self.launch.command)
            .current_dir(self.launch.place.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(copy)
            // Ctrl-C is for the tests; their end is the server's.
            .process_group(0)
            .spawn()
            .map_err(|error| Error::failed(self.program(), error))
    }

    fn program(&self) -> &str {
        self.launch.command.first().map_or("", String::as_str)
    }

    fn log_file(&self) -> PathBuf {
        self.launch.place.path().join("log")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("url", &self.launch.url).finish_non_exhaustive()
    }
}

impl Reaped {
    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reaped {
    fn drop(&mut self) {
        if let Some(mut child) = self.lock().take() {
            let _ = child.wait();
        }
    }
}
