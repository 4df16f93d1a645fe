//! The command line of `testudo user`.

use clap::{Args, Subcommand};

use super::{Output, Source, Whose};
use crate::config::HashingOptions;

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Makes an account. Also while a server runs on the same database.
    ///
    /// On a terminal the password is asked for, twice. Elsewhere pass --password-stdin: it is never
    /// taken from the command line, where others could see it.
    Create(CreateUser),
    /// Lists all accounts, in the order in which they were made.
    ///
    /// With --json it prints one array of users, each as the server shows it.
    List(ListUsers),
    /// Shows an account: the user, the scheme of the password's hash, the number of live sessions.
    Show(Whose),
    /// Lets a deactivated account be used again. Its sessions from before stay ended.
    Activate(Whose),
    /// Closes an account to its user. All its sessions end at once.
    Deactivate(Whose),
    /// Gives an account another password. All its sessions end at once.
    ///
    /// On a terminal the password is asked for, twice. Elsewhere pass --password-stdin. Guesses that
    /// were counted against the account are forgotten.
    SetPassword(SetPassword),
}

#[derive(Debug, Args)]
pub(crate) struct CreateUser {
    /// The address to sign in with, such as ada@example.com.
    #[arg(value_name = "EMAIL")]
    pub(crate) email: String,
    /// Take the password from the first line of standard input.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// The address is known to be the user's.
    #[arg(long)]
    pub(crate) verified: bool,
    #[command(flatten)]
    pub(crate) hashing: HashingOptions,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct ListUsers {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct SetPassword {
    /// The account: its address, or its id.
    #[arg(value_name = "EMAIL")]
    pub(crate) whose: String,
    /// Take the password from the first line of standard input.
    #[arg(long)]
    pub(crate) password_stdin: bool,
    /// The user must choose another one at the next sign-in.
    #[arg(long)]
    pub(crate) must_change: bool,
    #[command(flatten)]
    pub(crate) hashing: HashingOptions,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}
