//! What stands on the server after whatever was done: every key is one that a record needs, says what that record says,
//! lives at least as long as what it holds, and goes by itself if that has an end.

mod acts;
mod needed;
mod standing;

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use testudo::Timestamp;
use testudo::command::{Commit, Sweep, Write};
use testudo::reference::Tables;
use testudo_driver::Store;
use testudo_redis::RedisStore;
use testudo_test_servers::{Redis, unique_name};

use self::acts::{Act, acts};
use self::needed::{Stays, needed};
use self::standing::Standing;
use crate::fixtures::NOW;
use crate::support::{open, run};

/// Longer than anything here may last with all that it is kept beyond its end, in days: what lives longer does not go
/// by itself.
const LONGEST: u64 = 90;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// What these tests themselves take, in milliseconds, by which the server's clock goes on.
const TAKEN: u64 = 60_000;

#[test]
fn every_key_lives_as_long_as_what_it_holds_and_no_key_is_left_behind() {
    holds(1);
}

#[test]
fn every_key_of_many_buckets_lives_as_long_as_what_it_holds_and_none_is_left_behind() {
    holds(64);
}

fn holds(buckets: u32) {
    let config = ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() };
    // One of its own, as all of its keys are looked at each time.
    let server = Redis::start().unwrap();
    let scripts = (vec(acts(), 1..60), any::<bool>());
    let law = |(script, owners_first): (Vec<Act>, bool)| {
        run(async {
            let mut scene = Scene::new(server.url(), buckets).await;
            for act in script {
                scene.perform(act).await;
            }
            scene.remove_everything(owners_first).await;
        });
        Ok(())
    };
    TestRunner::new(config).run(&scripts, law).expect("the law");
}

/// A store, what it should hold, and what time it is.
struct Scene {
    store: RedisStore,
    tables: Tables,
    standing: Standing,
    now: Timestamp,
    buckets: u32,
    /// Keys that held something without an end since they came to be: they may stay.
    endless: BTreeSet<String>,
}

impl Scene {
    async fn new(address: &str, buckets: u32) -> Self {
        let prefix = unique_name();
        Self {
            store: open(address, &prefix, buckets).await,
            tables: Tables::new(),
            standing: Standing::of(address, &prefix).await,
            now: NOW,
            buckets,
            endless: BTreeSet::new(),
        }
    }

    async fn perform(&mut self, act: Act) {
        let shown = format!("{act:?}");
        match act {
            Act::Pass(span) => {
                self.now = self.now + span;
                self.standing.age(span).await;
            }
            Act::Sweep => self.sweep(self.now, self.now).await,
            Act::Count(number) => {
                let count = acts::counting(number, self.now);
                let verdict = self.store.count_attempt(count.clone()).await.unwrap();
                assert_eq!(verdict, self.tables.count_attempt(&count));
            }
            Act::Send(id) => {
                self.store.messages_sent(vec![acts::message_id(id)]).await.unwrap();
                self.tables.messages_sent(&[acts::message_id(id)]);
            }
            Act::Bury(id, reason) => {
                let id = acts::message_id(id);
                self.store.bury_message(id, self.now, reason).await.unwrap();
                self.tables.bury_message(id, self.now, reason);
            }
            Act::Change(change) => {
                if let Some(batch) = change.batch(&self.tables, self.now, self.buckets == 1) {
                    self.commit(batch).await;
                }
            }
        }
        self.check(&shown).await;
    }

    async fn commit(&mut self, batch: Commit) {
        let ours = self.store.commit(batch.clone()).await.unwrap();
        assert_eq!(ours, self.tables.commit(batch));
    }

    async fn sweep(&mut self, by: Timestamp, accounts_closed_by: Timestamp) {
        let sweep = Sweep {
            sessions_expired_by: by,
            attempts_idle_since: by,
            accounts_closed_by,
            links_expired_by: by,
            events_kept_since: by,
            dead_letters_buried_by: by,
            limit: 1000,
        };
        assert_eq!(self.store.sweep(sweep).await.unwrap(), self.tables.sweep(&sweep));
    }

    /// Either the owners first, with whatever is theirs, or what is theirs by the sweep and then they: both must find
    /// all that there is.
    async fn remove_everything(&mut self, owners_first: bool) {
        if !owners_first {
            self.sweep(Timestamp::MAX, Timestamp::from_millis(0)).await;
            self.check("a sweep of all but accounts").await;
        }
        let users = self.tables.users();
        let writes = users.map(|user| Write::RemoveUser { id: user.id, was: user.version });
        let writes = writes.collect();
        self.commit(Commit { writes, ..Commit::default() }).await;
        self.check("the removal of everybody").await;
        let counters = self.tables.attempts().map(|(key, _)| Write::ClearAttempts(key.clone()));
        let writes = counters.collect();
        self.commit(Commit { writes, ..Commit::default() }).await;
        let messages: Vec<_> = self.tables.messages().map(|message| message.id).collect();
        self.store.messages_sent(messages.clone()).await.unwrap();
        self.tables.messages_sent(&messages);
        self.sweep(Timestamp::MAX, Timestamp::MAX).await;
        self.check("the removal of everything").await;
        assert_eq!(needed(&self.tables).len(), 0, "everything is removed");
    }

    /// The law.
    async fn check(&mut self, after: &str) {
        let (needed, mut standing) = (needed(&self.tables), self.standing.read().await);
        for place in ["layout", "events:sequence", "messages:sequence", "events:consumers"] {
            let left = standing.remove(place).map(|key| key.left);
            assert!(left.is_none_or(|left| left.is_none()), "after {after}: {place} has an end");
        }
        let names = |keys: Vec<&String>| keys.into_iter().cloned().collect::<BTreeSet<_>>();
        let (wanted, found) = (names(needed.keys().collect()), names(standing.keys().collect()));
        assert_eq!(found, wanted, "after {after}: which keys there are");
        self.endless.retain(|place| wanted.contains(place));
        for ((place, key), needed) in standing.into_iter().zip(needed.into_values()) {
            assert_eq!(key.members, needed.members, "after {after}: {place} says something else");
            match (needed.stays, key.left) {
                (Stays::ForEver, left) => {
                    assert_eq!(left, None, "after {after}: {place} goes by itself");
                    self.endless.insert(place);
                }
                (Stays::Until(end), Some(left)) => {
                    let least = end.since(self.now).as_millis();
                    assert!(left + TAKEN > least, "after {after}: {place} goes {left} < {least}");
                    let most = needed.kept_beyond.as_millis() + LONGEST * DAY;
                    assert!(left < most, "after {after}: {place} stays for {left} ms");
                }
                (Stays::Until(_), None) => {
                    let may_stay = needed.is_shared && self.endless.contains(&place);
                    assert!(may_stay, "after {after}: {place} never goes by itself");
                }
            }
        }
    }
}
