//! The command line of `testudo outbox`.

use clap::{Args, Subcommand};

use super::{Output, Source};

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
    /// Lists the messages that wait to be mailed and those that were given up, in the order of their ids.
    ///
    /// Kind and address, of which only a little is shown, stand there where the server's secret opens them.
    /// No link, no code and nothing else of a message is shown.
    List(ListMessages),
    /// Has messages that were given up tried again. One whose link has expired is given up at once.
    Retry(RetryMessages),
}

#[derive(Debug, Args)]
pub(crate) struct ListMessages {
    /// Only those that were given up.
    #[arg(long, conflicts_with = "waiting")]
    pub(crate) dead: bool,
    /// Only those that wait.
    #[arg(long)]
    pub(crate) waiting: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}

#[derive(Debug, Args)]
pub(crate) struct RetryMessages {
    /// The messages, as `outbox list` shows them.
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) ids: Vec<String>,
    /// All that were given up.
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) source: Source,
}
