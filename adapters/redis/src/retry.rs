//! Whether a command that failed may be sent again, and when.

use std::time::Duration;

use redis::cluster_routing::SingleNodeRoutingInfo;
use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::fault::{is_read_only, is_refusal};
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
    let is_read_only = is_read_only(error);
    match error.kind() {
        _ if is_read_only && is_cluster => Next::Again(pause),
        // The name may lead to another server by now, which took over.
        _ if is_read_only && tried == 0 => Next::ReplaceAndAgain(pause),
        ErrorKind::Server(ServerErrorKind::Ask) if is_cluster => match redirect(error) {
            Some(node) => Next::Ask(node),
            None => Next::GiveUp,
        },
        ErrorKind::Server(
            ServerErrorKind::Moved | ServerErrorKind::TryAgain | ServerErrorKind::ClusterDown,
        )
        | ErrorKind::ClusterConnectionNotFound
            if is_cluster =>
        {
            Next::Again(pause)
        }
        ErrorKind::Io if error.is_timeout() => Next::GiveUpAndReplace,
        ErrorKind::Io if intent == Intent::Read && tried == 0 => Next::Again(pause),
        // What a server says to who connects is the answer to every command from then on. A cluster connects anew.
        _ if !is_cluster && is_refusal(error) => Next::GiveUpAndReplace,
        _ => Next::GiveUp,
    }
}

fn redirect(error: &RedisError) -> Option<SingleNodeRoutingInfo> {
    let (address, _) = error.redirect_node()?;
    let (host, port) = address.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Some(SingleNodeRoutingInfo::ByAddress { host, port: port.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use std::io;

    use redis::{Value, parse_redis_value};

    use super::*;

    fn answered(line: &str) -> RedisError {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap() {
            Value::ServerError(error) => error.into(),
            other => panic!("{other:?}"),
        }
    }

    fn broken(kind: io::ErrorKind) -> RedisError {
        io::Error::from(kind).into()
    }

    /// The outcome is not known: whatever is done next must not be the same write.
    #[test]
    fn a_write_that_may_have_been_done_is_never_sent_again() {
        for kind in [
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::TimedOut,
        ] {
            for is_cluster in [false, true] {
                let next = after(&broken(kind), Intent::Write, is_cluster, 0);
                assert!(matches!(next, Next::GiveUp | Next::GiveUpAndReplace), "{kind}: {next:?}");
            }
        }
        for line in ["OOM no", "MISCONF no", "LOADING no", "ERR no", "NOREPLICAS no", "BUSY no"] {
            let next = after(&answered(line), Intent::Write, true, 0);
            assert!(matches!(next, Next::GiveUp), "{line}: {next:?}");
        }
    }

    #[test]
    fn what_the_server_says_it_did_not_do_is_sent_again_a_few_times() {
        for line in ["MOVED 1 a:1", "TRYAGAIN later", "CLUSTERDOWN no", "READONLY no"] {
            for tried in 0..TRIES {
                let next = after(&answered(line), Intent::Write, true, tried);
                assert!(matches!(next, Next::Again(_)), "{line}: {next:?}");
            }
            let next = after(&answered(line), Intent::Write, true, TRIES);
            assert!(matches!(next, Next::GiveUp), "{line}: {next:?}");
        }
        let next = after(&answered("ASK 1 [::1]:7000"), Intent::Write, true, 0);
        let Next::Ask(SingleNodeRoutingInfo::ByAddress { host, port }) = next else {
            panic!("{next:?}")
        };
        assert_eq!((host.as_str(), port), ("::1", 7000));
        // The second is how a server before 7 says it.
        for line in [
            "READONLY no",
            "ERR Error running script (call to f_1): @user_script:3: @user_script: 3: -READONLY no",
        ] {
            for intent in [Intent::Read, Intent::Write] {
                let next = after(&answered(line), intent, false, 0);
                assert!(matches!(next, Next::ReplaceAndAgain(_)), "{line}: {next:?}");
                let next = after(&answered(line), intent, false, 1);
                assert!(matches!(next, Next::GiveUp), "{line}: {next:?}");
                let next = after(&answered(line), intent, true, 0);
                assert!(matches!(next, Next::Again(_)), "{line}: {next:?}");
            }
        }
    }

    /// The client asks only once, and has no other answer from then on.
    #[test]
    fn what_may_have_been_said_to_who_connects_is_asked_anew() {
        let of_client = [
            (ErrorKind::AuthenticationFailed, "Password authentication failed"),
            (ErrorKind::Parse, "Not an answer of Redis"),
            (ErrorKind::RESP3NotSupported, "Redis Server doesn't support HELLO command"),
            (ServerErrorKind::ResponseError.into(), "Redis server refused to switch database"),
        ];
        let of_server = [
            "NOAUTH Authentication required.",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "NOPERM this user has no permissions to run the 'select' command",
            "BUSY Redis is busy running a script.",
            "LOADING Redis is loading the dataset in memory",
            "ERR max number of clients reached",
            "DENIED Redis is running in protected mode",
        ];
        let of_server = of_server.into_iter().map(answered);
        for error in of_client.into_iter().map(RedisError::from).chain(of_server) {
            for intent in [Intent::Read, Intent::Write] {
                let next = after(&error, intent, false, 0);
                assert!(matches!(next, Next::GiveUpAndReplace), "{error}: {next:?}");
            }
        }
        for line in [
            "CORRUPT counters",
            "WRONGTYPE Operation against a key",
            "NOSCRIPT No matching script",
            "OOM no",
            "MISCONF no",
            "NOREPLICAS no",
            "ERR Error running script (call to f_1): @user_script:3: -OOM no",
            "ERR value is not an integer script: 1, on @user_script:3.",
        ] {
            let next = after(&answered(line), Intent::Write, false, 0);
            assert!(matches!(next, Next::GiveUp), "{line}: {next:?}");
        }
    }

    #[test]
    fn a_read_is_tried_once_more_and_not_after_a_silence() {
        let gone = broken(io::ErrorKind::BrokenPipe);
        assert!(matches!(after(&gone, Intent::Read, false, 0), Next::Again(_)));
        assert!(matches!(after(&gone, Intent::Read, false, 1), Next::GiveUp));
        let silent = broken(io::ErrorKind::TimedOut);
        assert!(matches!(after(&silent, Intent::Read, false, 0), Next::GiveUpAndReplace));
    }
}
