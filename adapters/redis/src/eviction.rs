//! Whether the server throws records away to make room.

use redis::{FromRedisValue, RedisError, Value};

use crate::fault::Failed;
use crate::link::{Intent, Link};

/// The policy by which keys are thrown away when memory is short, if any are. Who may not ask is believed to keep them;
/// and so is a cluster of which a node is away, as it goes on without.
pub(crate) async fn policy(link: &Link) -> Result<Option<String>, Failed> {
    let mut info = redis::cmd("INFO");
    info.arg("memory");
    let answer = match link.run(&info, Intent::Read).await {
        Err(Failed::Redis(error)) if error.code() == Some("NOPERM") => return Ok(None),
        Err(_) if link.is_cluster() => return Ok(None),
        answer => answer?,
    };
    // A cluster answers with what each node says.
    let texts = match answer {
        Value::Map(nodes) => nodes.into_iter().map(|(_, text)| text).collect(),
        text => vec![text],
    };
    for text in texts {
        let text = String::from_redis_value(text).map_err(RedisError::from)?;
        let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        let policy = of("maxmemory_policy:").unwrap_or("noeviction");
        if of("maxmemory:").is_some_and(|most| most != "0") && policy != "noeviction" {
            return Ok(Some(policy.to_owned()));
        }
    }
    Ok(None)
}
