//! Sweeping counters: those of accounts stay where they remember failures, and are passed by, however many they are.

use redis::Value;
use testudo::Timestamp;
use testudo::model::EmailKey;
use testudo_driver::Fault;

use crate::RedisStore;
use crate::answer;
use crate::idle::{chunk, key_of, removal, removed};
use crate::keys::Bucket;
use crate::link::Intent;
use crate::script::FIND_IDLE;

/// Key and end of the counter behind which to go on: the last one that stays.
#[derive(Default)]
struct Cursor {
    key: Vec<u8>,
    end: Vec<u8>,
}

/// Removes counters of one bucket.
pub(crate) async fn attempts(
    store: &RedisStore,
    bucket: Bucket,
    since: Timestamp,
    limit: u64,
) -> Result<u64, Fault> {
    let mut cursor = Cursor::default();
    let mut gone = 0;
    while gone < limit {
        let idle = idle(store, bucket, since, &cursor).await?;
        if idle.is_empty() {
            break;
        }
        let mut counters = Vec::with_capacity(idle.len());
        for counter in &idle {
            counters.push((counter.key.clone(), key_of(counter.key.clone())?.account()));
        }
        // Addresses are in the first bucket, where the script sees them if it has nothing else to see.
        let whose_stay = if store.keys.are_together() {
            "here"
        } else {
            forget_strangers(store, &mut counters).await?;
            "named"
        };
        let call = removal(store, bucket, since, limit - gone, whose_stay, counters);
        let (went, last) = removed(call.run(&store.link).await?)?;
        gone += went;
        if let Some(stays) = last.checked_sub(1).and_then(|last| idle.into_iter().nth(last)) {
            cursor = stays;
        }
    }
    Ok(gone)
}

/// Some idle counters behind this one.
async fn idle(
    store: &RedisStore,
    bucket: Bucket,
    since: Timestamp,
    behind: &Cursor,
) -> Result<Vec<Cursor>, Fault> {
    let call = FIND_IDLE.on(&[store.keys.counters_by_end(bucket)]);
    let call = call.arg(since.as_millis()).arg(chunk()).arg(&behind.key[..]).arg(&behind.end[..]);
    let mut found = answer::list(call.run(&store.link).await?)?.into_iter();
    let mut idle = Vec::new();
    while let (Some(key), Some(end)) = (found.next(), found.next()) {
        idle.push(Cursor { key, end });
    }
    Ok(idle)
}

/// Takes away addresses that have no account.
async fn forget_strangers(
    store: &RedisStore,
    counters: &mut [(Vec<u8>, Option<EmailKey>)],
) -> Result<(), Fault> {
    let named: Vec<_> = counters.iter_mut().filter(|(_, email)| email.is_some()).collect();
    if named.is_empty() {
        return Ok(());
    }
    let mut owners = redis::cmd("HMGET");
    owners.arg(store.keys.emails());
    for email in named.iter().filter_map(|(_, email)| email.as_ref()) {
        owners.arg(email.as_str());
    }
    let owners: Value = store.link.run(&owners, Intent::Read).await?;
    for ((_, email), owner) in named.into_iter().zip(answer::items(owners)?.unwrap_or_default()) {
        if answer::bytes(owner)?.is_none() {
            *email = None;
        }
    }
    Ok(())
}
