//! The command line of `testudo audit`.

use clap::Args;
use testudo::Timestamp;
use testudo::event::EventKind;

use super::Source;

#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// The account whom the events concern: its address, or its id. All events without one.
    #[arg(value_name = "EMAIL")]
    pub(crate) whose: Option<String>,
    /// Events of this type only, such as user_login; may be given several times.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kinds: Vec<EventKind>,
    /// Events from this moment on, such as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) since: Option<Timestamp>,
    /// Events before this moment.
    #[arg(long, value_name = "RFC3339")]
    pub(crate) until: Option<Timestamp>,
    /// How many events to show at most: the newest.
    #[arg(long, value_name = "N", default_value_t = 100, conflicts_with = "all")]
    pub(crate) limit: u32,
    /// Show all events, however many there are.
    #[arg(long)]
    pub(crate) all: bool,
    /// Print each event as a line of JSON, for programs.
    #[arg(long)]
    pub(crate) json: bool,
    /// Go on with what happens from now on, until Ctrl-C.
    #[arg(long, conflicts_with = "until")]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) source: Source,
}
