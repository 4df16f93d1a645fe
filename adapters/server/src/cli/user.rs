//! The command line of `testudo user`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{Output, Source, Whose};
use crate::config::PasswordOptions;

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
    /// Shows an account: the user, the scheme of the password's hash, the second factors, the number of live sessions.
    Show(Whose),
    /// Lets an account be used again that was deactivated, or that its owner closed. Its sessions from before
    /// stay ended.
    Activate(Whose),
    /// Closes an account to its user. All its sessions end at once.
    Deactivate(Whose),
    /// Gives an account another password. All its sessions end at once.
    ///
    /// On a terminal the password is asked for, twice. Elsewhere pass --password-stdin. Guesses that
    /// were counted against the account are forgotten. The server tells the owner by mail: run this with
    /// the same TESTUDO_SECRET or secret file.
    SetPassword(SetPassword),
    /// Takes authenticator app and recovery codes from an account whose owner has lost both.
    ///
    /// SECURITY: the password alone opens the account then. First make sure who is asking, as well as when the
    /// factor was set up: somebody who has stolen the password may be the one who writes or calls.
    ///
    /// All sessions and API keys of the account end, and guesses that were counted are forgotten. The server
    /// tells the owner by mail: run this with the same TESTUDO_SECRET or secret file. Where a second factor is
    /// required, the next sign-in sets up another one.
    ResetSecondFactor(Whose),
    /// Brings accounts along from another system, with their password hashes.
    ///
    /// FILE has one JSON object a line: {"email", "password_hash", "is_active", "is_verified",
    /// "created_at", "profile"}, and as `user export` writes it also "last_login" and
    /// "must_change_password". Only "email" is needed. A hash may be of any scheme that `testudo hash
    /// identify` knows, and is replaced when its owner signs in; "!legacy" marks a password that still
    /// lives in the other system. Or it is what Django's `manage.py dumpdata auth.user` writes.
    ///
    /// What cannot be made is reported with its number and the reason, and the rest goes in; the status
    /// is then 1. An address that has an account is passed over, so that running it again changes
    /// nothing, and goes on after an interruption. 500 accounts are made at a time.
    Import(ImportUsers),
    /// Writes all accounts as `user import` takes them: one JSON object a line, with or without --json.
    ///
    /// SECURITY: what it writes holds the password hashes, with which guessing passwords needs no
    /// server. Keep it as you keep the database, and no longer than needed. A FILE is made readable by
    /// its owner alone, appears only when it is whole, and never takes the place of one that is there.
    ///
    /// Second factors do not go along: they are sealed for the account that they are of. Where one is required,
    /// an imported account sets up another one at its next sign-in.
    Export(ExportUsers),
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
    pub(crate) passwords: PasswordOptions,
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
    pub(crate) passwords: PasswordOptions,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct ImportUsers {
    /// The file; - is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// What the file is [default: django-fixture if it begins with [, and jsonl otherwise]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line.
    Jsonl,
    /// What Django's `manage.py dumpdata` writes: a JSON array, or objects one a line.
    DjangoFixture,
}

#[derive(Debug, Args)]
pub(crate) struct ExportUsers {
    /// A file that there is not yet [default: standard output]
    #[arg(value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}
