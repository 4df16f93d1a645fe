//! Attempt counters: counting is one call.

use redis::Value;
use testudo::Timestamp;
use testudo::command::CountAttempt;
use testudo::model::AttemptVerdict;
use testudo_driver::Fault;

use crate::RedisStore;
use crate::answer;
use crate::codec::moment;
use crate::fault::{Unreadable, unexpected};
use crate::kept;
use crate::script::COUNT_ATTEMPT;

/// Counts an attempt if it is allowed, and says why if it is not.
pub(crate) async fn count(
    store: &RedisStore,
    command: &CountAttempt,
) -> Result<AttemptVerdict, Fault> {
    let CountAttempt { key, limit, now } = command;
    let bucket = store.keys.of_counter(key);
    let names = [
        store.keys.counter(key),
        store.keys.counters_by_end(bucket),
        store.keys.counters_by_key(bucket),
    ];
    let call = COUNT_ATTEMPT
        .on(&names)
        .arg(key.as_str())
        .arg(now.as_millis())
        .arg((*now + limit.window).as_millis())
        .arg((*now + limit.lock).as_millis())
        .arg(limit.attempts)
        .arg(limit.hard_stop.map_or_else(String::new, |stop| stop.to_string()))
        .arg(kept::COUNTER.as_millis());
    verdict(&answer::items(call.run(&store.link).await?)?.ok_or_else(unexpected)?)
}

fn verdict(answer: &[Value]) -> Result<AttemptVerdict, Fault> {
    match answer {
        [Value::BulkString(kind)] if kind == b"stopped" => Ok(AttemptVerdict::Stopped),
        [Value::BulkString(kind), until] if kind == b"locked" => {
            Ok(AttemptVerdict::Locked { until: end(until)? })
        }
        [Value::BulkString(kind), window, Value::Int(last)] if kind == b"allowed" => {
            Ok(AttemptVerdict::Allowed { window: end(window)?, is_last: *last == 1 })
        }
        _ => Err(unexpected()),
    }
}

fn end(text: &Value) -> Result<Timestamp, Fault> {
    let field = "counters.window_end";
    let millis: u64 = redis::from_redis_value_ref(text).map_err(|_| Unreadable(field))?;
    moment(millis, field)
}
