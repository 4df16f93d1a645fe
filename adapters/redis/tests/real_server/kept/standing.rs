//! What there is on the server.

use std::collections::{BTreeMap, BTreeSet};

use redis::aio::MultiplexedConnection;
use testudo::Duration;

use crate::support::raw;

/// A key: what is in it, and how many milliseconds are left of it, if it goes by itself.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) members: BTreeSet<Vec<u8>>,
    pub(super) left: Option<u64>,
}

/// All keys of one prefix.
pub(super) struct Standing {
    pattern: String,
    redis: MultiplexedConnection,
}

/// Each key with its type, what is left of it, and its members or fields.
const READ: &str = "
local all = {}
for number, name in ipairs(redis.call('KEYS', ARGV[1])) do
  local kind = redis.call('TYPE', name).ok
  local members = {}
  if kind == 'hash' then
    members = redis.call('HKEYS', name)
  elseif kind == 'zset' then
    members = redis.call('ZRANGE', name, 0, -1)
  end
  all[number] = { name, redis.call('PTTL', name), members }
end
return all";

/// As if so many milliseconds had passed.
const AGE: &str = "
for _, name in ipairs(redis.call('KEYS', ARGV[1])) do
  local left = redis.call('PTTL', name)
  if left >= 0 then
    redis.call('PEXPIRE', name, left - ARGV[2])
  end
end";

impl Standing {
    pub(super) async fn of(address: &str, prefix: &str) -> Self {
        Self { pattern: format!("{{{prefix}:*"), redis: raw(address).await }
    }

    /// By their names without prefix and bucket: what has one name in several buckets is taken together.
    pub(super) async fn read(&mut self) -> BTreeMap<String, Key> {
        let mut eval = redis::cmd("EVAL");
        eval.arg(READ).arg(0).arg(&self.pattern);
        let found: Vec<(String, i64, Vec<Vec<u8>>)> =
            eval.query_async(&mut self.redis).await.unwrap();
        let mut keys = BTreeMap::new();
        for (name, left, members) in found {
            let place = name.split_once("}:").expect("a prefix").1.to_owned();
            let left = u64::try_from(left).ok();
            let key = keys.entry(place).or_insert_with(|| Key { members: BTreeSet::new(), left });
            key.members.extend(members.into_iter().map(|member| without_place(&name, member)));
            key.left = key.left.min(left);
        }
        keys
    }

    /// Lets time pass on the server: what is over then is gone.
    pub(super) async fn age(&mut self, by: Duration) {
        let mut eval = redis::cmd("EVAL");
        eval.arg(AGE).arg(0).arg(&self.pattern).arg(by.as_millis());
        let () = eval.query_async(&mut self.redis).await.unwrap();
    }
}

/// Messages that wait or are dead stand there behind their place in the order of the commits, of 16 digits.
fn without_place(name: &str, member: Vec<u8>) -> Vec<u8> {
    if name.ends_with(":messages:due") || name.ends_with(":messages:dead") {
        return member.get(16..).expect("a place").to_vec();
    }
    member
}
