//! The binary as a process.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Answer, Request};
use super::stores::Stores;
use super::{EMAIL, PASSWORD, binary};

/// A directory for one test, and stores of its own.
pub(crate) struct Site {
    directory: tempfile::TempDir,
    stores: Stores,
}

impl Site {
    /// Over the stores that this run of the tests is about.
    pub(crate) fn new() -> Self {
        Self::over(Stores::fresh())
    }

    /// Over a file beside the test, whichever stores this run is about: for what has no meaning elsewhere,
    /// which the reason says.
    pub(crate) fn on_sqlite(reason: &str) -> Self {
        assert!(!reason.is_empty(), "why not over all stores?");
        Self::over(Stores::sqlite())
    }

    pub(crate) fn over(stores: Stores) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), stores }
    }

    pub(crate) const fn stores(&self) -> &Stores {
        &self.stores
    }

    /// The master secret of servers that have started.
    pub(crate) fn secret(&self) -> String {
        let of_file = || std::fs::read_to_string(self.path("testudo.secret")).unwrap();
        self.stores.secret().map_or_else(of_file, str::to_owned)
    }

    pub(crate) fn with_user() -> Self {
        Self::new().and_user()
    }

    pub(crate) fn and_user(self) -> Self {
        self.create(EMAIL, PASSWORD);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary, in this directory and with nothing of the tests' own environment that it reads.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).current_dir(self.directory.path());
        let read = |name: &str| name.starts_with("TESTUDO_") || name == "RUST_LOG";
        for (name, _) in std::env::vars().filter(|(name, _)| read(name)) {
            command.env_remove(name);
        }
        command.envs(self.stores.variables());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
        run(self.command(arguments), input)
    }

    /// All accounts, as `user list --json` shows them.
    pub(crate) fn users(&self) -> Vec<Value> {
        let listed = printed_json(&self.run(&["user", "list", "--json"], ""));
        listed.as_array().unwrap().clone()
    }

    /// An account, as `user show --json` shows it.
    pub(crate) fn user(&self, whose: &str) -> Value {
        printed_json(&self.run(&["user", "show", whose, "--json"], ""))
    }

    pub(crate) fn create(&self, email: &str, password: &str) {
        let made = self.run(&["user", "create", email, "--password-stdin"], password);
        assert!(made.status.success(), "{made:?}");
    }

    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        Server::start(self.command(&arguments))
    }
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command, input: impl AsRef<[u8]>) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that is refused does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    let id = child.id();
    let (sender, output) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output().unwrap()));
    output.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        signal(id, "KILL");
        panic!("it did not end: {:?}", output.recv());
    })
}

/// How long anything may take, on a machine that is busy.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a signal to a process that a test has started.
pub(crate) fn signal(process: u32, name: &str) {
    let kill = format!("kill -{name} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// A server that runs. Dropping it kills it.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let kept = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut log = kept.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let address = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Self { process, address, log };
        server.wait_for_log("listening on http://");
        let log = server.log();
        let rest = log.split_once("listening on http://").unwrap().1;
        let end = rest.find(|c: char| c == '"' || c.is_whitespace()).unwrap();
        server.address = rest[..end].parse().unwrap();
        server
    }

    pub(crate) fn send(&self, request: Request) -> Answer {
        request.send(self.address)
    }

    pub(crate) fn login(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password}).to_string();
        self.send(Request::new("POST", "/auth/login").json(body))
    }

    pub(crate) fn refresh(&self, token: &str) -> Answer {
        let body = json!({"refresh_token": token}).to_string();
        self.send(Request::new("POST", "/auth/refresh").json(body))
    }

    pub(crate) fn me(&self, token: &str) -> Answer {
        self.send(Request::new("GET", "/auth/me").bearer(token))
    }

    pub(crate) fn logout(&self, token: &str) -> Answer {
        self.send(Request::new("POST", "/auth/logout").bearer(token))
    }

    pub(crate) fn logout_all(&self, token: &str) -> Answer {
        self.send(Request::new("POST", "/auth/logout-all").bearer(token))
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn wait_for_log(&mut self, text: &str) {
        let begun = Instant::now();
        while !self.log().contains(text) {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none(), "it ended without {text:?}: {ended:?}\n{}", self.log());
            assert!(begun.elapsed() < PATIENCE, "no {text:?} in\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    /// Waits for the process to end by itself; gives its status and its whole log.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.process.wait().unwrap();
        // What it wrote last is still on its way.
        while Arc::strong_count(&self.log) > 1 {
            thread::sleep(Duration::from_millis(1));
        }
        (status, self.log())
    }

    /// Kills the process as a power cut would; gives its log so far.
    pub(crate) fn kill(mut self) -> String {
        self.process.kill().unwrap();
        self.ended().1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a command that did it printed; it had nothing to complain about.
pub(crate) fn printed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The same as JSON.
pub(crate) fn printed_json(output: &Output) -> Value {
    serde_json::from_str(&printed(output)).unwrap()
}

/// The one line that a command complains with.
pub(crate) fn complaint(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let line = text.strip_prefix("error: ").and_then(|text| text.strip_suffix('\n'));
    let line = line.unwrap_or_else(|| panic!("not one error: {text:?}"));
    assert!(!line.contains('\n'), "more than one line: {text:?}");
    assert!(output.stdout.is_empty(), "an error, and something on standard output");
    line.to_owned()
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
