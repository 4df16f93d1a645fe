//! `testudo-test-servers -- COMMAND…`: runs a command among throwaway servers, and ends as it does.
//!
//! Starts a Postgres, a MariaDB, a Redis and a Redis Cluster, but for those that their variable names already, and
//! names them in the variables (see the library). They end with the command, or when this process does.

#![allow(clippy::print_stderr, reason = "a program for people")]

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use testudo_test_servers::{MariaDb, Postgres, Redis, RedisCluster, variables};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// The terminal interrupts the command too, which may have much to tell before it ends.
const AFTER_INTERRUPTION: Duration = Duration::from_secs(15);
const AFTER_TERMINATION: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).skip_while(|argument| argument == "--");
    let Some(program) = arguments.next() else {
        eprintln!("usage: testudo-test-servers -- COMMAND...");
        return ExitCode::from(2);
    };
    run(program, arguments.collect()).unwrap_or_else(|error| {
        eprintln!("testudo-test-servers: {error}");
        ExitCode::FAILURE
    })
}

type AnyError = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn run(program: OsString, arguments: Vec<OsString>) -> Result<ExitCode, AnyError> {
    // From here on they do not end this process, which would leave the command behind.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut command = Command::new(&program);
    command.args(arguments).envs(start_servers()?);
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;

    let status = tokio::select! {
        status = child.wait() => status?,
        _ = interrupt.recv() => {
            tokio::select! {
                status = child.wait() => status?,
                _ = interrupt.recv() => end(&mut child).await?,
                _ = terminate.recv() => end(&mut child).await?,
                () = tokio::time::sleep(AFTER_INTERRUPTION) => end(&mut child).await?,
            }
        }
        _ = terminate.recv() => end(&mut child).await?,
    };
    Ok(exit_code(status))
}

/// The variables that name one of each. The servers stay until this process ends.
fn start_servers() -> Result<[(&'static str, &'static str); 4], AnyError> {
    std::thread::scope(|scope| {
        let postgres = scope.spawn(Postgres::shared);
        let mysql = scope.spawn(MariaDb::shared);
        let redis = scope.spawn(Redis::shared);
        let cluster = scope.spawn(RedisCluster::shared);
        let url = |start: std::thread::ScopedJoinHandle<'_, Result<&'static str, _>>| {
            start
                .join()
                .map_err(|_| AnyError::from("a server's start broke off"))?
                .map_err(|error: testudo_test_servers::Error| AnyError::from(error.to_string()))
        };
        Ok([
            (variables::POSTGRES, url(postgres)?),
            (variables::MYSQL, url(mysql)?),
            (variables::REDIS, url(redis)?),
            (variables::REDIS_CLUSTER, url(cluster)?),
        ])
    })
}

async fn end(child: &mut Child) -> std::io::Result<std::process::ExitStatus> {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(pid) = pid {
        kill_process(pid, Signal::TERM)?;
    }
    match tokio::time::timeout(AFTER_TERMINATION, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            child.start_kill()?;
            child.wait().await
        }
    }
}

/// As a shell says it: a signal is 128 and its number.
fn exit_code(status: std::process::ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
