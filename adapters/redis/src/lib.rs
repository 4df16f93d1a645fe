//! Testudo's records in Redis: one server, or a cluster.
//!
//! [`RedisStore`] is the store, [`RedisOptions`] how it is opened, and [`OpenError`] says why a Redis cannot be one.
//!
//! ```no_run
//! # async fn open() -> Result<(), testudo_redis::OpenError> {
//! use testudo_redis::RedisStore;
//!
//! let store = RedisStore::open("redis://127.0.0.1:6379").await?;
//! # Ok(())
//! # }
//! ```
//!
//! It takes Redis 6.2 or later, or what speaks its protocol and runs its scripts, such as Valkey.
//!
//! # Whole, or in part
//!
//! With one *bucket*, which is the default, everything lies in one slot and every commit is one script: atomic, and
//! a store for all records, on one server or on a cluster alike. With many, sessions, counters and onboarding
//! sessions are spread over the nodes of a cluster: for a split store, whose other parts live elsewhere.
//!
//! # What Redis must be told
//!
//! * `maxmemory-policy noeviction`: records are no cache. A store refuses to open otherwise, where there is a
//!   `maxmemory`. When memory is full, writes are faults, and nothing is granted.
//! * `appendonly yes`. With `appendfsync always`, what was acknowledged survives a crash of the machine; with
//!   `everysec`, up to the last second may be lost; without a file, everything.
//!
//! # What a failover may lose
//!
//! Replication is asynchronous: a replica that takes over may lack the last moment's writes, all of them from some
//! point on, and each batch wholly or not at all. What was acknowledged then:
//!
//! | was | is after the failover |
//! |---|---|
//! | a sign-out, or a session that was revoked | undone: its tokens work again until somebody signs out once more or it ends |
//! | signing out everywhere, a new password | undone if users are here too; not if they are in a database that lost nothing: the epoch is theirs |
//! | a refresh | undone: the new pair is refused, and the one before works; who holds only the new one signs in again |
//! | a session | gone: its owner signs in again |
//! | counted attempts | not counted: so many guesses more |
//! | a step of onboarding | undone: the code of that moment may be shown once more to the state before it |
//! | an event, a message | gone, or handed out once more |
//!
//! Nothing that was closed before that moment opens again. [`RedisOptions::wait_for_replicas`] closes the moment for
//! commits, at the price of a round trip to the replicas, and of faults where there are fewer than it names.
//!
//! # Clocks
//!
//! What time it is, the commands say; Redis' clock decides nothing. Records carry an expiry of Redis' own only as a
//! backstop: a week beyond their end, counted from each write, and 400 days for counters, which remember failures at
//! accounts. The index of what somebody has lives as long as whatever of it lives longest. What has no end (users, events,
//! messages, API keys without one, counters that came to their hard stop, and all other indices) carries none and goes by
//! the sweep.
//!
//! # Security
//!
//! Redis holds password hashes, if users are there, and personal data: give it a password, TLS (`rediss://`) and no
//! way in from outside. Digests and sealed states are all that there is of tokens and codes. Addresses with passwords
//! stand in no error and in no `Debug`.

#![cfg_attr(not(test), warn(unused_crate_dependencies))]

mod address;
mod answer;
mod attempts;
mod belongings;
mod codec;
mod commit;
mod events;
mod eviction;
mod fault;
mod find;
mod idle;
mod kept;
mod keys;
mod link;
mod list;
mod messages;
mod open;
mod open_error;
mod plan;
mod records;
mod retry;
mod script;
mod store;
mod sweep;
mod sweep_counters;
mod writers;
mod writes;

pub use open::RedisOptions;
pub use open_error::OpenError;

use keys::Keys;
use link::Link;
use writers::Writers;

/// Records in Redis. Clones share their connections.
///
/// * **Atomic.** A commit is one script, which checks all of it before it writes any: nothing else runs in between.
///   With many buckets, so is each bucket's part. Of the sessions of an account that is removed, those beyond 1000 go
///   afterwards: without their owner they are worth nothing.
/// * **Read your writes.** All reads go to masters.
/// * **Reconnecting.** A connection that is lost is made again. Meanwhile, and when an answer does not come in time,
///   commands are faults ([`FaultKind::Unavailable`](testudo_driver::FaultKind::Unavailable)), after 4 seconds at the
///   latest, however many calls of Redis they are. What goes through very many records takes as long as it takes, and is a
///   fault 4 seconds after a call without an answer: sweeps, lists of idle counters and their removal, and the removal
///   of sessions behind an account that is gone. A write is never sent twice unless the server said that it did nothing.
/// * **Shared.** Any number of processes may open the same records, under one prefix and with one number of buckets.
///
/// The methods must be called within a tokio runtime.
#[derive(Clone, Debug)]
pub struct RedisStore {
    keys: Keys,
    link: Link,
    writers: Writers,
    /// Whether it may be one that throws records away.
    may_evict: bool,
}

impl RedisStore {
    /// Opens the Redis at this address, with one bucket under the prefix `testudo`.
    ///
    /// # Errors
    ///
    /// An [`OpenError`] whose message says what to do about it. It holds nothing of the address.
    pub async fn open(address: &str) -> Result<Self, OpenError> {
        RedisOptions::new().open(address).await
    }

    /// This store for one command, all calls of which are answered in time together, or not at all.
    fn for_one_command(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            link: self.link.for_one_command(),
            writers: self.writers.clone(),
            may_evict: self.may_evict,
        }
    }
}
