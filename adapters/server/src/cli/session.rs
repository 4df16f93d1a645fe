//! The command line of `testudo session`.

use clap::{Args, Subcommand};

use super::{Output, Source, Whose};

#[derive(Debug, Subcommand)]
pub(crate) enum Session {
    /// Lists the live sessions of an account, newest first.
    ///
    /// With --json it prints one array of sessions. Nothing in it opens one.
    List(Whose),
    /// Ends one session.
    ///
    /// `session revoke ID` ends the session whosever it is; `session revoke EMAIL ID` only if it is that
    /// account's. The user may sign in again.
    #[command(allow_missing_positional = true)]
    Revoke(RevokeSession),
    /// Ends all sessions of an account, or of everybody. Users may sign in again.
    ///
    /// `session revoke-all --everybody` is for after a restore, or when the server's secret has leaked: it goes
    /// through all accounts. API keys end, too. It may be stopped and run again.
    RevokeAll(RevokeAll),
}

#[derive(Debug, Args)]
pub(crate) struct RevokeSession {
    /// The account that the session must be of: its address, or its id.
    #[arg(value_name = "EMAIL")]
    pub(crate) whose: Option<String>,
    /// The session's id, as `session list` shows it.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct RevokeAll {
    /// The account: its address, or its id.
    #[arg(value_name = "EMAIL", required_unless_present = "everybody")]
    pub(crate) whose: Option<String>,
    /// All accounts.
    #[arg(long, conflicts_with = "whose")]
    pub(crate) everybody: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}
