//! Counters that nothing was counted under for a while.

use futures::future::try_join_all;
use redis::Value;
use testudo::Timestamp;
use testudo::model::{AttemptKey, EmailKey};
use testudo_driver::Fault;

use crate::RedisStore;
use crate::answer;
use crate::fault::{Unreadable, unexpected};
use crate::keys::Bucket;
use crate::link::Intent;
use crate::list::{AT_ONCE, is_less};
use crate::script::{Call, SWEEP_ATTEMPTS};

/// How many buckets are asked at once.
const BUCKETS_AT_ONCE: usize = 64;

/// The keys of idle counters in the order of their bytes, from all buckets.
pub(crate) async fn list(
    store: &RedisStore,
    idle_since: Timestamp,
    after: Option<&AttemptKey>,
    limit: u32,
) -> Result<Vec<AttemptKey>, Fault> {
    let mut all = Vec::new();
    let buckets: Vec<Bucket> = store.keys.buckets().collect();
    for some in buckets.chunks(BUCKETS_AT_ONCE) {
        let lists = some.iter().map(|it| of_bucket(store, *it, idle_since, after, limit));
        all.extend(try_join_all(lists).await?.into_iter().flatten());
    }
    // Those that come first in all buckets are among those that come first in each.
    all.sort_unstable();
    all.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(all)
}

async fn of_bucket(
    store: &RedisStore,
    bucket: Bucket,
    idle_since: Timestamp,
    after: Option<&AttemptKey>,
    limit: u32,
) -> Result<Vec<AttemptKey>, Fault> {
    let (by_key, by_end) = (store.keys.counters_by_key(bucket), store.keys.counters_by_end(bucket));
    let mut start = after.map_or_else(|| b"-".to_vec(), |key| behind(key.as_str().as_bytes()));
    let mut idle = Vec::new();
    while is_less(idle.len(), limit) {
        let mut page = redis::cmd("ZRANGEBYLEX");
        page.arg(&by_key).arg(&start).arg("+").arg("LIMIT").arg(0).arg(AT_ONCE);
        let keys = answer::list(store.link.run(&page, Intent::Read).await?)?;
        let Some(last) = keys.last() else { break };
        start = behind(last);
        let mut ends = redis::cmd("ZMSCORE");
        ends.arg(&by_end).arg(&keys);
        let answer: Value = store.link.run(&ends, Intent::Read).await?;
        let ends = answer::items(answer)?.unwrap_or_default();
        for (key, end) in keys.iter().zip(ends) {
            let is_idle = end_of(end)?.is_some_and(|end| end <= idle_since.as_millis());
            if is_idle && is_less(idle.len(), limit) {
                idle.push(key_of(key.clone())?);
            }
        }
        if is_less(keys.len(), AT_ONCE) {
            break;
        }
    }
    Ok(idle)
}

/// Forgets those that are idle still.
pub(crate) async fn forget(
    store: &RedisStore,
    keys: &[AttemptKey],
    idle_since: Timestamp,
) -> Result<u64, Fault> {
    let mut forgotten = 0;
    for bucket in store.keys.buckets() {
        let here: Vec<Vec<u8>> = keys
            .iter()
            .filter(|key| store.keys.of_counter(key) == bucket)
            .map(|key| key.as_str().as_bytes().to_vec())
            .collect();
        for some in here.chunks(chunk()) {
            let counters = some.iter().map(|key| (key.clone(), None)).collect();
            let all = u64::try_from(some.len()).unwrap_or(u64::MAX);
            let call = removal(store, bucket, idle_since, all, "none", counters);
            forgotten += removed(call.run(&store.link).await?)?.0;
        }
    }
    Ok(forgotten)
}

/// The call that removes those of these counters that are idle still, and so many at most. Each comes with the address
/// that it is about, as far as that matters to whose counters stay: those of addresses that are known `here`, of all
/// that are `named`, or of `none`.
pub(crate) fn removal(
    store: &RedisStore,
    bucket: Bucket,
    idle_since: Timestamp,
    most: u64,
    whose_stay: &str,
    counters: Vec<(Vec<u8>, Option<EmailKey>)>,
) -> Call {
    let mut keys = vec![
        store.keys.counters_by_end(bucket).into_bytes(),
        store.keys.counters_by_key(bucket).into_bytes(),
        store.keys.emails_in(bucket).into_bytes(),
    ];
    let mut arguments = Vec::with_capacity(2 * counters.len());
    for (counter, email) in counters {
        keys.push(store.keys.counter_in(bucket, &counter));
        arguments.push(counter);
        arguments.push(email.map(|email| email.as_str().into()).unwrap_or_default());
    }
    let call = SWEEP_ATTEMPTS.on(&keys).arg(idle_since.as_millis()).arg(most);
    call.arg(whose_stay).args(arguments)
}

/// How many went, and which one is the last that stays though it was idle, counted from one; or none.
pub(crate) fn removed(answer: Value) -> Result<(u64, usize), Fault> {
    answer::of(answer)
}

/// The key of a counter, from what stands in an index.
pub(crate) fn key_of(bytes: Vec<u8>) -> Result<AttemptKey, Fault> {
    let text = String::from_utf8(bytes).map_err(|_| Unreadable("counters.key"))?;
    Ok(AttemptKey::from_stored(text))
}

pub(crate) fn chunk() -> usize {
    usize::try_from(AT_ONCE).unwrap_or(1)
}

fn behind(key: &[u8]) -> Vec<u8> {
    [b"(", key].concat()
}

/// The end of a counter's window, if it is there still. Scores are numbers of this protocol, or texts of the one before.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "moments are whole and small"
)]
fn end_of(score: Value) -> Result<Option<u64>, Fault> {
    match score {
        Value::Nil => Ok(None),
        Value::Double(score) => Ok(Some(score as u64)),
        Value::Int(score) => u64::try_from(score).map(Some).map_err(|_| unexpected()),
        text => answer::of(text).map(Some),
    }
}
