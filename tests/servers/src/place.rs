use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;

/// Waits until its input ends, which is when the process that started it drops the other end or dies; then ends all
/// that runs in the directory, with a polite signal first, and removes it.
///
/// A death signal (`prctl`) would be simpler, but follows the thread that started the server, not the process; spares
/// Postgres' children when they are stopped; and leaves directories.
const CLEAN_UP: &str = r#"
trap '' HUP INT TERM QUIT
read -r _
running() { find /proc/[0-9]*/cwd -maxdepth 0 \( -lname "$1" -o -lname "$1/*" \) 2>/dev/null | cut -d/ -f3; }
tries=0
while [ $tries -lt 200 ]; do
    pids=$(running "$1")
    if [ -z "$pids" ]; then
        rm -rf "$1" && exit 0
    elif [ $tries = 0 ]; then
        kill -s "$2" $pids; kill -s CONT $pids
    elif [ $tries -gt 20 ]; then
        kill -s KILL $pids
    fi
    tries=$((tries + 1))
    sleep 0.02
done
"#;

/// A directory, and all processes that run in it: those whose working directory is in it. That finds a server's
/// children too, also those of Postgres, which leave its process group.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    clean_up: Child,
}

impl Place {
    /// A fresh directory with a short path, as that of a Unix socket is limited.
    ///
    /// At the end, what runs in it gets the signal `last`.
    pub(crate) fn new(last: &str) -> Result<Self, Error> {
        let directory = tempfile::Builder::new()
            .prefix("tt")
            .tempdir()
            .map_err(Error::at(&std::env::temp_dir()))?;
        let path = directory.path().canonicalize().map_err(Error::at(directory.path()))?;
        let clean_up = Command::new("sh")
            .args(["-c", CLEAN_UP, "sh"])
            .arg(&path)
            .arg(last)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(Error::at(Path::new("sh")))?;
        let _ = directory.keep();
        Ok(Self { path, clean_up })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Sends `signal` to everything that runs here, and again until there is nothing that did not get it: a process
    /// may be born meanwhile.
    pub(crate) fn signal(&self, signal: Signal) {
        let mut told = Vec::new();
        loop {
            let new: Vec<Pid> = self.running().filter(|pid| !told.contains(pid)).collect();
            if new.is_empty() {
                return;
            }
            for pid in new {
                // One that has ended meanwhile needs no signal.
                let _ = kill_process(pid, signal);
                told.push(pid);
            }
        }
    }

    /// Stops everything that runs here, and returns when none of its threads does anything more: a process is told at
    /// once, but goes on until its threads have heard of it.
    pub(crate) fn stop(&self) {
        loop {
            self.signal(Signal::STOP);
            if self.running().all(stands_still) {
                return;
            }
            sleep(Duration::from_millis(1));
        }
    }

    /// What runs here. A process that has ended but was not waited for does not count.
    pub(crate) fn running(&self) -> impl Iterator<Item = Pid> {
        fs::read_dir("/proc").into_iter().flatten().flatten().filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
            let directory = fs::read_link(entry.path().join("cwd")).ok()?;
            directory.starts_with(&self.path).then_some(pid)
        })
    }
}

/// Whether all threads of a process are stopped, or have ended.
fn stands_still(pid: Pid) -> bool {
    let threads = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero()));
    threads.into_iter().flatten().flatten().all(|thread| {
        let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let state = status.lines().find_map(|line| line.strip_prefix("State:"));
        state.is_none_or(|state| state.trim_start().starts_with(['T', 'Z', 'X']))
    })
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(self.clean_up.stdin.take());
        let _ = self.clean_up.wait();
    }
}
