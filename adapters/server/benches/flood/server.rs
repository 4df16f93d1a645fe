//! The server: the binary as a process, with one account.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use super::client::{Client, Request};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    _directory: TempDir,
}

impl Server {
    pub(crate) fn start() -> Self {
        // Not where temporary files are: that may be memory, where nothing is ever durable.
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        create_account(&directory);
        let mut process = testudo(&directory)
            .args(["serve", "--listen", "127.0.0.1:0", "--trusted-proxies", "1"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = log.find_map(|line| address_in(&line)).unwrap();
        thread::spawn(move || log.for_each(drop));
        Self { process, address, _directory: directory }
    }

    /// That of a session which begins now.
    pub(crate) fn access_token(&self) -> String {
        let mut client = Client::connect(self.address);
        let login = Request::login_as(EMAIL, PASSWORD, Ipv4Addr::LOCALHOST);
        assert_eq!(client.ask(&login), 200);
        let answer: serde_json::Value = serde_json::from_slice(&client.body).unwrap();
        let token = answer.get("access_token").and_then(|token| token.as_str());
        token.unwrap().to_owned()
    }

    /// The most memory that the process had so far, in MiB.
    pub(crate) fn memory(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn create_account(directory: &TempDir) {
    let mut create = testudo(directory)
        .args(["user", "create", EMAIL, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    create.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(create.wait().unwrap().success());
}

fn testudo(directory: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_testudo"));
    command.current_dir(directory.path()).env_remove("RUST_LOG");
    command
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    rest.split(|c: char| c == '"' || c.is_whitespace()).next()?.parse().ok()
}
