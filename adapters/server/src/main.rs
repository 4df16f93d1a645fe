//! The testudo binary: authentication as a service, and the commands to administer it.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod audit;
mod cli;
mod commands;
mod config;
mod failure;
mod logging;
mod mail;
mod measurements;
mod secret_file;
mod serve;
mod service_tokens;
mod shutdown;
mod store;
mod variable;
mod webhooks;

use std::io::Write as _;
use std::process::ExitCode;

use crate::cli::Invocation;
use crate::failure::Failure;

/// Wrong usage of the command line.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let outcome = match cli::parse(std::env::args_os()) {
        Invocation::Run(command) => commands::run(*command),
        Invocation::Say(text) => commands::print(text.trim_end()).map(|()| ExitCode::SUCCESS),
        Invocation::Refuse(message) => return complain(&message, USAGE),
    };
    match outcome {
        Ok(status) => status,
        Err(Failure::ClosedPipe) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => complain(&message, USAGE),
        Err(Failure::Message(message)) => complain(&message, 1),
    }
}

/// One line on standard error. When even that cannot be written, the status says it.
fn complain(message: &str, status: u8) -> ExitCode {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let _ = writeln!(std::io::stderr(), "error: {line}");
    ExitCode::from(status)
}
