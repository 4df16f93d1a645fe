//! What the errors of Redis and of its client mean to a caller.

use redis::{ErrorKind, RedisError, ServerError, ServerErrorKind};
use testudo_driver::{Fault, FaultKind};

/// A field holds what no version of this library writes there. What it holds is not repeated: it may be
/// personal.
#[derive(Debug, thiserror::Error)]
#[error("the field {0} of a stored record cannot be read")]
pub(crate) struct Unreadable(pub(crate) &'static str);

impl From<Unreadable> for Fault {
    fn from(unreadable: Unreadable) -> Self {
        Self::new(FaultKind::Corrupt, unreadable)
    }
}

/// What Redis or its client said, without what was sent.
#[derive(Debug, thiserror::Error)]
#[error("redis: {0}")]
struct Said(String);

/// Why a command came to nothing that was waited for long enough.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error("no answer in time")]
    InTime,
    #[error("written, but not acknowledged by enough replicas in time")]
    ByReplicas,
    #[error("what it is about changes faster than it can be read")]
    Unchanged,
}

impl From<Unanswered> for Fault {
    fn from(why: Unanswered) -> Self {
        let kind = match why {
            Unanswered::InTime | Unanswered::ByReplicas => FaultKind::Unavailable,
            Unanswered::Unchanged => FaultKind::Overloaded,
        };
        Self::new(kind, why)
    }
}

/// Why a command came to nothing.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Redis or its client said why.
    Redis(RedisError),
    /// There was no answer, or not the one that was asked for.
    Unanswered(Unanswered),
}

impl From<RedisError> for Failed {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl From<Failed> for Fault {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Redis(error) => fault(&error),
            Failed::Unanswered(why) => why.into(),
        }
    }
}

/// A record that cannot be made into bytes, which no record is.
pub(crate) fn unwritable(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::new(FaultKind::Internal, why)
}

/// An answer of another form than its script gives.
pub(crate) fn unexpected() -> Fault {
    Fault::new(FaultKind::Internal, Said("an answer of an unexpected form".to_owned()))
}

/// The fault that an error is. It may be logged: the scripts are static, and what the server may quote of a
/// command is cut off.
pub(crate) fn fault(error: &RedisError) -> Fault {
    Fault::new(kind(error), Said(said(error)))
}

/// The error in words.
pub(crate) fn said(error: &RedisError) -> String {
    match error.code() {
        Some(code) => {
            let detail = error.detail().unwrap_or_default();
            // An unknown command is quoted with the beginning of its arguments.
            let detail = detail.split(", with args").next().unwrap_or_default();
            format!("{code} {detail}")
        }
        None => error.to_string(),
    }
}

/// Whether the server only reads. Before version 7 it says so as the end of what a script failed of, at its first write.
pub(crate) fn is_read_only(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::ReadOnly) => true,
        ErrorKind::Server(ServerErrorKind::ResponseError) => {
            is_of_script(error) && error.detail().is_some_and(|detail| detail.contains("-READONLY"))
        }
        _ => false,
    }
}

/// Whether it may be what a server said to who connects, and not to a command: all that is no answer of a script, nor
/// of a command on its own, and after which the client does not connect anew by itself.
pub(crate) fn is_refusal(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Io => false,
        ErrorKind::Server(ServerErrorKind::ResponseError) => !is_of_script(error),
        ErrorKind::Server(kind) => {
            matches!(kind, ServerErrorKind::NoPerm | ServerErrorKind::BusyLoading)
        }
        ErrorKind::Extension => {
            let code = error.code().unwrap_or_default();
            !matches!(code, "CORRUPT" | "WRONGTYPE" | "OOM" | "MISCONF" | "NOREPLICAS")
        }
        _ => true,
    }
}

fn kind(error: &RedisError) -> FaultKind {
    match error.kind() {
        ErrorKind::Io
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::Parse
        | ErrorKind::AuthenticationFailed => FaultKind::Unavailable,
        // In the client's words, as the server let nobody in who chose that database.
        ErrorKind::Server(ServerErrorKind::ResponseError) if !is_of_server(error) => {
            FaultKind::Unavailable
        }
        ErrorKind::Server(kind) => of_server(kind, error),
        ErrorKind::Extension => of_code(error.code().unwrap_or_default()),
        _ => FaultKind::Internal,
    }
}

fn of_server(kind: ServerErrorKind, error: &RedisError) -> FaultKind {
    match kind {
        ServerErrorKind::BusyLoading
        | ServerErrorKind::Moved
        | ServerErrorKind::Ask
        | ServerErrorKind::TryAgain
        | ServerErrorKind::ClusterDown
        | ServerErrorKind::MasterDown
        | ServerErrorKind::NoScript
        | ServerErrorKind::NoPerm
        | ServerErrorKind::ReadOnly => FaultKind::Unavailable,
        ServerErrorKind::ResponseError => of_detail(error.detail().unwrap_or_default()),
        _ => FaultKind::Internal,
    }
}

/// What a server calls a script when it says where it failed.
const OF_SCRIPT: &str = "user_script";

fn is_of_script(error: &RedisError) -> bool {
    error.detail().is_some_and(|detail| detail.contains(OF_SCRIPT))
}

/// Whether it is what a server said, and not the client's words for it.
fn is_of_server(error: &RedisError) -> bool {
    ServerError::try_from(error.clone()).is_ok()
}

/// Codes that the client has no names for.
fn of_code(code: &str) -> FaultKind {
    match code {
        "OOM" | "MISCONF" | "NOREPLICAS" | "BUSY" | "UNKILLABLE" | "UNBLOCKED" | "NOAUTH"
        | "WRONGPASS" | "DENIED" => FaultKind::Unavailable,
        "CORRUPT" | "WRONGTYPE" => FaultKind::Corrupt,
        _ => FaultKind::Internal,
    }
}

/// What a server before 7 says when a command in a script fails, and the one refusal without a code.
fn of_detail(detail: &str) -> FaultKind {
    if detail.starts_with("max number of clients") {
        return FaultKind::Unavailable;
    }
    if !detail.contains(OF_SCRIPT) {
        return FaultKind::Internal;
    }
    let words = detail.rsplit(|letter: char| !letter.is_ascii_uppercase());
    let mut kinds = words.map(|word| match word {
        "READONLY" | "MASTERDOWN" | "CLUSTERDOWN" | "LOADING" => FaultKind::Unavailable,
        other => of_code(other),
    });
    kinds.find(|kind| *kind != FaultKind::Internal).unwrap_or(FaultKind::Internal)
}

#[cfg(test)]
mod tests {
    use redis::{ServerError, Value, parse_redis_value};

    use super::*;

    fn answered(line: &str) -> Fault {
        let value = parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        let Value::ServerError(error) = value else { panic!("{value:?}") };
        let error: ServerError = error;
        fault(&error.into())
    }

    #[test]
    fn errors_are_told_by_what_can_be_done_about_them() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "LOADING Redis is loading the dataset in memory",
            "MOVED 3999 127.0.0.1:6381",
            "ASK 3999 127.0.0.1:6381",
            "CLUSTERDOWN Hash slot not served",
            "TRYAGAIN Multiple keys request during rehashing of slot",
            "MASTERDOWN Link with MASTER is down",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "NOREPLICAS Not enough good replicas to write.",
            "MISCONF Redis is configured to save RDB snapshots",
            "BUSY Redis is busy running a script.",
            "ERR max number of clients reached",
            "NOAUTH Authentication required.",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "NOPERM this user has no permissions to run the 'select' command",
            "DENIED Redis is running in protected mode",
            "ERR Error running script (call to f_1): @user_script:3: -OOM command not allowed",
            "ERR Error running script (call to f_1): @user_script:3: -READONLY You can't write",
        ] {
            assert_eq!(answered(line).kind(), FaultKind::Unavailable, "{line}");
        }
        for line in ["CORRUPT counters", "WRONGTYPE Operation against a key"] {
            assert_eq!(answered(line).kind(), FaultKind::Corrupt, "{line}");
        }
        for line in ["ERR syntax error", "EXECABORT Transaction discarded"] {
            assert_eq!(answered(line).kind(), FaultKind::Internal, "{line}");
        }
        for (kind, words) in [
            (ErrorKind::AuthenticationFailed, "Password authentication failed"),
            (ServerErrorKind::ResponseError.into(), "Redis server refused to switch database"),
        ] {
            let refused = fault(&(kind, words, "Redis is busy".to_owned()).into());
            assert_eq!(refused.kind(), FaultKind::Unavailable, "{words}");
        }
    }

    #[test]
    fn what_was_sent_is_not_quoted() {
        let fault = answered("ERR unknown command 'EVALSHA', with args beginning with: 'secret'");
        assert!(!format!("{fault} {fault:?}").contains("secret"), "{fault:?}");
    }
}
