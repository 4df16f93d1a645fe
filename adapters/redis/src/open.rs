//! Opening a Redis as a store.

use std::time::Duration;

use redis::FromRedisValue;

use crate::RedisStore;
use crate::address;
use crate::eviction;
use crate::keys::Keys;
use crate::link::{Intent, Link, Replication};
use crate::open_error::OpenError;
use crate::writers::Writers;

/// The form of the records and indices. It goes up when an older version could not read what is written.
const LAYOUT: &str = "testudo 1 buckets ";

/// How a Redis is opened.
///
/// ```no_run
/// # async fn open() -> Result<(), testudo_redis::OpenError> {
/// use std::time::Duration;
/// use testudo_redis::RedisOptions;
///
/// let sessions = RedisOptions::new()
///     .prefix("shop")
///     .buckets(256)
///     .wait_for_replicas(1, Duration::from_secs(1))
///     .open("redis-cluster://10.0.0.1:6379,10.0.0.2:6379")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RedisOptions {
    prefix: String,
    buckets: u32,
    replication: Option<Replication>,
    authority: Option<Vec<u8>>,
    may_evict: bool,
}

impl RedisOptions {
    /// One bucket under the prefix `testudo`, and no waiting for replicas.
    pub fn new() -> Self {
        Self {
            prefix: "testudo".to_owned(),
            buckets: 1,
            replication: None,
            authority: None,
            may_evict: false,
        }
    }

    /// What the names of all keys begin with: stores of different prefixes share a database without
    /// touching each other. 1 to 64 letters, digits, `-`, `_` or `.`.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// How many buckets sessions, counters and onboarding sessions are spread over: 1 to 16384. Users, invitations,
    /// API keys, events and messages stay in the first.
    ///
    /// With one, every commit is atomic and the store is whole. With more, the nodes of a cluster share the
    /// load, and only what is in one bucket changes at once: for those parts of a split store that are made for
    /// that. It is recorded at first use and cannot be changed afterwards. As a cluster moves whole slots between
    /// its nodes, take a few for each node that there may ever be: 64 for up to ten.
    pub fn buckets(self, buckets: u32) -> Self {
        Self { buckets, ..self }
    }

    /// Lets a commit count only when so many replicas have it; a fault, if they have not within that time,
    /// which is a second at most.
    ///
    /// Without it, what was acknowledged in the moment before a failover may be lost. With it, it may be lost only
    /// if a replica takes over that was not among them: so name as many as there are, or accept what is left.
    /// Counting an attempt never waits. The fault does not mean that nothing was written.
    ///
    /// Where fewer replicas are there than are named, no commit counts: so it is after one of them took over, until
    /// there is another one. Reads go on.
    pub fn wait_for_replicas(self, replicas: u32, within: Duration) -> Self {
        // `WAIT` without an end would hold up all that comes behind it.
        let within = within.clamp(Duration::from_millis(1), Duration::from_secs(1));
        let replication = (replicas > 0).then_some(Replication { replicas, within });
        Self { replication, ..self }
    }

    /// The certificates, in PEM, of the authority that signs the server's, in place of those of the system.
    pub fn trust(self, pem: impl Into<Vec<u8>>) -> Self {
        Self { authority: Some(pem.into()), ..self }
    }

    /// Opens also a Redis that throws keys away when memory is short.
    ///
    /// # Security
    ///
    /// It may throw away that a session was ended, or that an account was guessed at a hundred times.
    pub fn allow_eviction(self) -> Self {
        Self { may_evict: true, ..self }
    }

    /// Whether [`open`](Self::open) can read an address. Nothing is connected to.
    ///
    /// # Errors
    ///
    /// [`OpenError::Address`], which holds nothing of the address.
    pub fn check_address(address: &str) -> Result<(), OpenError> {
        address::target(address, None).map(drop)
    }

    /// Connects, and records at first use how the records are spread.
    ///
    /// Addresses are `redis://HOST:PORT` or, with TLS, `rediss://HOST:PORT`, with `USER:PASSWORD@` before the
    /// host and `/NUMBER` for a numbered database behind it; and `redis-cluster://HOST:PORT,HOST:PORT,…` or
    /// `rediss-cluster://…` for some nodes of a cluster.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] whose message says what to do about it. It holds nothing of the address.
    pub async fn open(self, address: &str) -> Result<RedisStore, OpenError> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if !(1..=64).contains(&self.prefix.len()) || !self.prefix.chars().all(is_plain) {
            return Err(OpenError::Prefix);
        }
        if !(1..=16384).contains(&self.buckets) {
            return Err(OpenError::BucketCount);
        }
        let keys = Keys::new(&self.prefix, self.buckets);
        let link = Link::new(address::target(address, self.authority.as_deref())?).await?;
        if !self.may_evict
            && let Some(policy) = eviction::policy(&link).await?
        {
            return Err(OpenError::Evicts(policy));
        }
        settle(&link, &keys, self.buckets).await?;
        let writers = Writers::new(&link, self.replication).await?;
        Ok(RedisStore { keys, link, writers, may_evict: self.may_evict })
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Records the layout, or holds it against what is recorded.
async fn settle(link: &Link, keys: &Keys, buckets: u32) -> Result<(), OpenError> {
    let wanted = format!("{LAYOUT}{buckets}");
    let mut put = redis::cmd("SET");
    put.arg(keys.layout()).arg(&wanted).arg("NX");
    link.run(&put, Intent::Write).await?;
    let mut get = redis::cmd("GET");
    get.arg(keys.layout());
    let found = link.run(&get, Intent::Read).await?;
    let found = String::from_redis_value(found).map_err(|_| OpenError::OtherLayout)?;
    if found == wanted {
        return Ok(());
    }
    match found.strip_prefix(LAYOUT).and_then(|number| number.parse().ok()) {
        Some(recorded) => Err(OpenError::Buckets { recorded, wanted: buckets }),
        None => Err(OpenError::OtherLayout),
    }
}
