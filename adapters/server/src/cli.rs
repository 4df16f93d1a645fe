//! The command line.

mod audit;
mod hash;
mod outbox;
mod session;
mod user;

pub(crate) use audit::Audit;
pub(crate) use hash::{Calibrate, Hash, StoredHashes};
pub(crate) use outbox::{ListMessages, Outbox, RetryMessages};
pub(crate) use session::{RevokeAll, RevokeSession, Session};
pub(crate) use user::{CreateUser, ExportUsers, Format, ImportUsers, ListUsers, SetPassword, User};

use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::num::{IntErrorKind, ParseIntError};
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::error::{ContextKind, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{Options, PasswordOptions, Places};

/// What the command line asks for.
pub(crate) enum Invocation {
    /// To do something.
    Run(Box<Command>),
    /// To print a help text or the version.
    Say(String),
    /// Something that there is not; the message says what is wrong with it.
    Refuse(String),
}

/// Reads the command line and, for what it leaves open, the environment.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Invocation {
    let mut arguments: Vec<OsString> = arguments.collect();
    if arguments.len() <= 1 {
        arguments = vec!["testudo".into(), "serve".into()];
    }
    let parsed = without_empty_variables(Cli::command()).try_get_matches_from(&arguments);
    match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => Invocation::Run(Box::new(cli.command)),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Invocation::Say(error.render().to_string())
            }
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                Invocation::Refuse(what_there_is(&arguments))
            }
            _ => Invocation::Refuse(in_one_line(&error)),
        },
    }
}

/// A variable with nothing in it counts as not set: who starts containers has them set whether or not there is
/// something to say.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    command
        .mut_args(|argument| {
            if argument.get_env().is_some_and(is_empty) {
                argument.env(Resettable::Reset)
            } else {
                argument
            }
        })
        .mut_subcommands(without_empty_variables)
}

/// The commands of which one is missing.
fn what_there_is(arguments: &[OsString]) -> String {
    let cli = Cli::command();
    let (mut name, mut command) = ("testudo".to_owned(), &cli);
    for argument in arguments.iter().skip(1) {
        let Some(found) = command.find_subcommand(argument) else { break };
        name = format!("{name} {}", found.get_name());
        command = found;
    }
    let commands: Vec<_> = command.get_subcommands().map(clap::Command::get_name).collect();
    format!("`{name}` takes a command: {} (see `{name} --help`)", commands.join(", "))
}

/// What is wrong, without the usage that follows it, and without the value of an option: that may be
/// a URL with a password in it.
fn in_one_line(error: &clap::Error) -> String {
    let reason = error.source();
    let argument = error.get(ContextKind::InvalidArg);
    if let (ErrorKind::ValueValidation, Some(argument), Some(reason)) =
        (error.kind(), argument, reason)
    {
        return match reason.downcast_ref::<ParseIntError>() {
            Some(error) => format!("{argument}: {} {HELP}", whole_number(error)),
            None => format!("{argument}: {reason} {HELP}"),
        };
    }
    let text = error.render().to_string();
    let wrong = text.split("\n\nUsage:").next().unwrap_or(&text);
    let wrong = wrong.split("\n\nFor more information").next().unwrap_or(wrong);
    let wrong = wrong.strip_prefix("error: ").unwrap_or(wrong).trim_end();
    format!("{wrong} {HELP}")
}

/// What a number was expected to be; the standard library says what it found.
fn whole_number(error: &ParseIntError) -> &'static str {
    match error.kind() {
        IntErrorKind::PosOverflow => "expected a smaller number",
        _ => "expected a whole number, 0 or more",
    }
}

const HELP: &str = "(see `testudo help` and `testudo COMMAND --help`)";

/// Authentication as a service.
///
/// Without a command, `testudo` serves: on 127.0.0.1:8080, over the SQLite database testudo.db in the
/// current directory.
#[derive(Debug, Parser)]
#[command(name = "testudo", version, max_term_width = 100, subcommand_required = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves the HTTP interface until SIGTERM or Ctrl-C.
    ///
    /// Every option is also a TESTUDO_… variable and a key of the TOML file, with `_` for `-`; an
    /// option wins over the variable, and the variable over the file. Logs go to standard error;
    /// RUST_LOG filters them.
    ///
    /// TESTUDO_SECRET holds the master secrets, separated by commas, newest first; `testudo secret
    /// new` makes one. Without it, and with SQLite, one is made and kept in the file testudo.secret
    /// beside the database. With any other database it must be set, to the same on all nodes.
    ///
    /// TESTUDO_SERVICE_TOKENS holds the tokens that let other services in, separated by commas; without it
    /// none is. TESTUDO_WEBHOOK_SECRET holds what webhooks are signed with, several separated by commas;
    /// `testudo secret new --webhook` makes one.
    Serve(Box<Serve>),
    /// Administers accounts.
    #[command(subcommand)]
    User(User),
    /// Shows and ends sessions.
    #[command(subcommand)]
    Session(Session),
    /// Shows what happened: who signed in, what failed, what was changed, and from where.
    ///
    /// The oldest of it comes first. With --json each event is a line of JSON, as in the server's log.
    Audit(Audit),
    /// Shows the messages that wait to be mailed or were given up, and has those tried again.
    #[command(subcommand)]
    Outbox(Outbox),
    /// Chooses how passwords are hashed, and examines stored hashes.
    #[command(subcommand)]
    Hash(Hash),
    /// Makes master secrets.
    #[command(subcommand)]
    Secret(Secret),
    /// Brings the tables of all databases up to date. `serve` does that too when it starts.
    Migrate(Migrate),
    /// Removes what has no meaning any more: sessions that are over, counters that count nothing, accounts
    /// whose owners closed them, invitations and API keys that have expired, old events, dead letters of a
    /// month ago.
    ///
    /// It goes a batch at a time, so that a server beside it is not held up. A server that runs does the
    /// same every hour.
    Sweep(Sweep),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(flatten)]
    pub(crate) passwords: PasswordOptions,
    #[command(flatten)]
    pub(crate) file: File,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Secret {
    /// Prints a new master secret for TESTUDO_SECRET: 32 random bytes as base64url.
    New(NewSecret),
}

#[derive(Debug, Args)]
pub(crate) struct NewSecret {
    /// One for TESTUDO_WEBHOOK_SECRET instead
    #[arg(long)]
    pub(crate) webhook: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Output {
    /// Print JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// Print what would be done, as a script that does it, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

/// An account that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// The account: its address, or its id.
    #[arg(value_name = "EMAIL")]
    pub(crate) whose: String,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

/// Which databases a command works on.
#[derive(Debug, Args)]
pub(crate) struct Source {
    #[command(flatten)]
    pub(crate) places: Places,
    #[command(flatten)]
    pub(crate) file: File,
}

#[derive(Debug, Args)]
pub(crate) struct File {
    /// A TOML file with the options of `serve`
    #[arg(long, env = "TESTUDO_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_serves() {
        let invocation = parse(std::iter::once("testudo".into()));
        let Invocation::Run(command) = invocation else { panic!("it refused") };
        assert!(matches!(*command, Command::Serve(_)));
    }
}
