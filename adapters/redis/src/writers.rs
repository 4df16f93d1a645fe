//! The connections for commits that wait for replicas.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::Value;
use testudo_driver::Fault;

use crate::fault::Failed;
use crate::link::{Link, Replication};
use crate::script::Call;

/// How many connections commits are spread over when they wait: whatever comes behind a `WAIT` on the same
/// connection waits with it.
const CONNECTIONS: usize = 8;

/// How commits are sent.
#[derive(Clone, Debug)]
pub(crate) enum Writers {
    /// Over the connection of all commands.
    Shared,
    /// Over connections of their own, in turn.
    Waiting(Arc<Waiting>),
}

#[derive(Debug)]
pub(crate) struct Waiting {
    links: Vec<Link>,
    next: AtomicUsize,
    replication: Replication,
}

impl Writers {
    pub(crate) async fn new(link: &Link, replication: Option<Replication>) -> Result<Self, Failed> {
        let Some(replication) = replication else { return Ok(Self::Shared) };
        let mut links = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            links.push(link.another().await?);
        }
        Ok(Self::Waiting(Arc::new(Waiting { links, next: AtomicUsize::new(0), replication })))
    }

    /// Runs what writes, in the time of the link of all commands.
    pub(crate) async fn run(&self, shared: &Link, call: &Call) -> Result<Value, Fault> {
        match self {
            Self::Shared => call.run(shared).await,
            Self::Waiting(waiting) => {
                let turn = waiting.next.fetch_add(1, Ordering::Relaxed);
                let link = waiting.links.iter().cycle().nth(turn % CONNECTIONS);
                let link = link.ok_or_else(crate::fault::unexpected)?;
                call.run_replicated(&link.in_the_time_of(shared), waiting.replication).await
            }
        }
    }
}
