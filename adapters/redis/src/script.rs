//! The scripts, and how they are called.

use std::sync::LazyLock;

use redis::{Cmd, ErrorKind, Script as Hashed, ServerErrorKind, ToRedisArgs, Value};
use testudo_driver::Fault;

use crate::fault::Failed;
use crate::link::{Intent, Link, Replication};

/// A script, which Redis knows by its hash.
#[derive(Debug)]
pub(crate) struct Script {
    text: &'static str,
    hash: LazyLock<String>,
    intent: Intent,
}

/// Declares the scripts, each in a file of its name.
macro_rules! scripts {
    ($($intent:ident $name:ident $file:literal;)+) => {
        $(pub(crate) static $name: Script = Script {
            text: include_str!(concat!("scripts/", $file)),
            hash: LazyLock::new(|| {
                Hashed::new(include_str!(concat!("scripts/", $file))).get_hash().to_owned()
            }),
            intent: Intent::$intent,
        };)+

        /// All of them, by the names of their files.
        #[cfg(test)]
        static ALL: &[(&str, &Script)] = &[$(($file, &$name),)+];
    };
}

scripts! {
    Read FIND_IDLE "find_idle.lua";
    Read FIND_OWNED "find_owned.lua";
    Read FIND_OWNED_STANDING "find_owned_standing.lua";
    Read FIND_USER_BY_EMAIL "find_user_by_email.lua";
    Read FIND_USER_WITH_SESSION "find_user_with_session.lua";
    Read PAGE "page.lua";
    Write COUNT_ATTEMPT "count_attempt.lua";
    Write COMMIT "commit.lua";
    Write SWEEP_RECORDS "sweep_records.lua";
    Write SWEEP_ATTEMPTS "sweep_attempts.lua";
    Write SWEEP_EVENTS "sweep_events.lua";
    Write SWEEP_DEAD_LETTERS "sweep_dead_letters.lua";
    Write TAKE_EVENTS "take_events.lua";
    Write EVENTS_TAKEN "events_taken.lua";
    Write POSTPONE_EVENTS "postpone_events.lua";
    Write BEGIN_EVENTS "begin_events.lua";
    Write TAKE_MESSAGES "take_messages.lua";
    Write MESSAGES_SENT "messages_sent.lua";
    Write POSTPONE_MESSAGE "postpone_message.lua";
    Write BURY_MESSAGE "bury_message.lua";
    Write REVIVE_MESSAGES "revive_messages.lua";
}

impl Script {
    /// A call with these keys, which decide the node of a cluster.
    pub(crate) fn on<K: AsRef<[u8]>>(&'static self, keys: &[K]) -> Call {
        let keys = keys.iter().map(|key| key.as_ref().to_vec()).collect();
        Call { script: self, keys, arguments: Vec::new() }
    }
}

/// A script with its keys and arguments.
#[derive(Debug)]
pub(crate) struct Call {
    script: &'static Script,
    keys: Vec<Vec<u8>>,
    arguments: Vec<Vec<u8>>,
}

impl Call {
    pub(crate) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        argument.write_redis_args(&mut self.arguments);
        self
    }

    pub(crate) fn args(mut self, arguments: Vec<Vec<u8>>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// Runs it.
    pub(crate) async fn run(&self, link: &Link) -> Result<Value, Fault> {
        match link.run(&self.by_hash(), self.script.intent).await {
            Err(failed) if is_unknown(&failed) => {
                link.run(&self.by_text(), self.script.intent).await
            }
            result => result,
        }
        .map_err(Fault::from)
    }

    /// Runs it, and has what it wrote acknowledged by replicas.
    pub(crate) async fn run_replicated(
        &self,
        link: &Link,
        replication: Replication,
    ) -> Result<Value, Fault> {
        match link.run_replicated(&self.by_hash(), &self.keys, replication).await {
            Err(failed) if is_unknown(&failed) => {
                link.run_replicated(&self.by_text(), &self.keys, replication).await
            }
            result => result,
        }
        .map_err(Fault::from)
    }

    fn by_hash(&self) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command.arg(self.script.hash.as_str());
        self.complete(command)
    }

    /// The server has lost it, after a restart or a failover. Sent so, it is known from then on.
    fn by_text(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(self.script.text);
        self.complete(command)
    }

    fn complete(&self, mut command: Cmd) -> Cmd {
        command.arg(self.keys.len()).arg(&self.keys).arg(&self.arguments);
        command
    }
}

fn is_unknown(failed: &Failed) -> bool {
    let unknown = ErrorKind::Server(ServerErrorKind::NoScript);
    matches!(failed, Failed::Redis(error) if error.kind() == unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a script may call that only reads. Whatever is not named here writes, or may.
    const READING: &[&str] = &[
        "EXISTS",
        "GET",
        "GETRANGE",
        "HEXISTS",
        "HGET",
        "HLEN",
        "PTTL",
        "STRLEN",
        "ZCARD",
        "ZCOUNT",
        "ZRANGE",
        "ZRANGEBYLEX",
        "ZRANGEBYSCORE",
        "ZRANK",
        "ZREVRANGEBYLEX",
        "ZSCORE",
    ];

    /// What a script calls, which always stands there in full.
    fn calls(text: &str) -> impl Iterator<Item = &str> {
        text.split("redis.call(").skip(1).map(|rest| {
            let name = rest.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
            name.expect("the name of a command").0
        })
    }

    /// A read is sent once more when its connection breaks: a write would be done twice.
    #[test]
    fn a_script_that_calls_anything_that_writes_is_declared_a_write_and_no_other_is() {
        for (file, script) in ALL {
            assert!(!script.text.contains("pcall"), "{file} calls what is not looked at here");
            let writes = calls(script.text).any(|call| !READING.contains(&call));
            let intent = if writes { Intent::Write } else { Intent::Read };
            assert_eq!(script.intent, intent, "{file}");
        }
    }

    #[test]
    fn every_file_with_a_script_is_declared() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scripts");
        let files = std::fs::read_dir(directory).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        let mut declared: Vec<&str> = ALL.iter().map(|(file, _)| *file).collect();
        declared.sort_unstable();
        assert_eq!(declared, names);
    }
}
