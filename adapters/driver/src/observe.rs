//! What operators see: a span and two metrics for each flow and each command.
//!
//! | metric | labels | what it tells |
//! |---|---|---|
//! | [`FLOWS`] | `flow`, `outcome` | how many flows ended, and how: `done`, `refused:…` with [`Refusal::name`](testudo::Refusal::name), `fault` |
//! | [`FLOW_SECONDS`] | `flow` | how long they took |
//! | [`COMMANDS`] | `command`, `outcome` | how many questions were answered: `done` or `fault` |
//! | [`COMMAND_SECONDS`] | `command` | how long the answers took |
//!
//! They go to whatever recorder the [`metrics`] crate has been given, and cost next to nothing without one. A flow
//! that is dropped half-way is not counted.
//!
//! # Security
//!
//! Labels and spans are names from closed lists: nothing of requests, users or secrets is in them.

use std::future::Future;
use std::time::Instant;

use metrics::{counter, histogram};
use tracing::{Instrument as _, debug_span, info_span};

use crate::{AuthError, Fault};

/// Counts flows that ended.
pub const FLOWS: &str = "testudo_flows_total";
/// How long flows took, in seconds.
pub const FLOW_SECONDS: &str = "testudo_flow_seconds";
/// Counts questions that were answered.
pub const COMMANDS: &str = "testudo_commands_total";
/// How long answers took, in seconds.
pub const COMMAND_SECONDS: &str = "testudo_command_seconds";

/// An end that is no success.
pub(crate) trait Failure {
    /// From a closed list.
    fn outcome(&self) -> String;
}

impl Failure for Fault {
    fn outcome(&self) -> String {
        "fault".to_owned()
    }
}

impl Failure for AuthError {
    fn outcome(&self) -> String {
        match self {
            Self::Refused(refusal) => format!("refused:{}", refusal.name()),
            Self::Fault(fault) => fault.outcome(),
        }
    }
}

/// Runs a flow in a span of its own.
pub(crate) async fn flow<T, E: Failure>(
    name: &'static str,
    running: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let started = Instant::now();
    let ended = running.instrument(info_span!("flow", name)).await;
    histogram!(FLOW_SECONDS, "flow" => name).record(started.elapsed());
    match &ended {
        Ok(_) => counter!(FLOWS, "flow" => name, "outcome" => "done").increment(1),
        Err(error) => counter!(FLOWS, "flow" => name, "outcome" => error.outcome()).increment(1),
    }
    ended
}

/// Carries a command out in a span of its own.
pub(crate) async fn command<T>(
    name: &'static str,
    answering: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    let started = Instant::now();
    let answered = answering.instrument(debug_span!("command", name)).await;
    histogram!(COMMAND_SECONDS, "command" => name).record(started.elapsed());
    let outcome = if answered.is_ok() { "done" } else { "fault" };
    counter!(COMMANDS, "command" => name, "outcome" => outcome).increment(1);
    answered
}
