//! Whether a command that failed may be sent again, and when.

use std::time::Duration;

use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::link::Intent;

/// How often a cluster that changes is asked again, with pauses of 20 ms and twice as long each time.
const TRIES: u32 = 6;

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// The error is the answer.
    GiveUp,
    /// So it is, and the connection is not to be trusted.
    GiveUpAndReplace,
    /// It is sent again after a pause.
    Again(Duration),
    /// It is sent again over another connection.
    ReplaceAndAgain(Duration),
    /// It is sent again to this node of the cluster, which is about to take the keys over.
    Ask(SingleNodeRoutingInfo),
}

/// What comes after an error, when as many tries were made before.
///
/// Three groups of errors say that nothing was done, so that also a write may be sent again: that the keys are
/// elsewhere or on their way, that the server only reads, and that no connection to the node was found.
pub(crate) fn after(error: &RedisError, intent: Intent, is_cluster: bool, tried: u32) -> Next {
    if tried >= TRIES {
        return Next::GiveUp;
    }
    let pause = Duration::from_millis(20).saturating_mul(1 << tried);
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Ask) if is_cluster => match redirect(error) {
            Some(node) => Next::Ask(node),
            None => Next::GiveUp,
        },
        ErrorKind::Server(
            ServerErrorKind::Moved
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::ReadOnly,
        )
        | ErrorKind::ClusterConnectionNotFound
            if is_cluster =>
        {
            Next::Again(pause)
        }
        // The name may lead to another server by now, which took over.
        ErrorKind::Server(ServerErrorKind::ReadOnly) if tried == 0 => Next::ReplaceAndAgain(pause),
        ErrorKind::Io if error.is_timeout() => Next::GiveUpAndReplace,
        ErrorKind::Io if intent == Intent::Read && tried == 0 => Next::Again(pause),
        _ => Next::GiveUp,
    }
}

fn redirect(error: &RedisError) -> Option<SingleNodeRoutingInfo> {
    let (address, _) = error.redirect_node()?;
    let (host, port) = address.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(SingleNodeRoutingInfo::ByAddress { host, port: port.parse().ok()? })
}
