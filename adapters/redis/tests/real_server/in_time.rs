//! No command waits for longer than it says, whatever Redis does.

use std::time::{Duration, Instant};

use testudo::command::{Commit, ListSessions, Sweep, Write};
use testudo::message::ListMessages;
use testudo::model::User;
use testudo_driver::{Fault, Store};
use testudo_redis::{OpenError, RedisOptions, RedisStore};
use testudo_test_servers::Redis;
use testudo_test_servers::proxy::Proxy;

use crate::faults::{assert_unavailable, is_there, recovers};
use crate::fixtures::{NOW, attempt, commit, inserting, session, user};
use crate::support::{address_of, run};

/// The longest that a command may take, with what a busy machine adds.
const MOST: Duration = Duration::from_secs(4 + 3);

/// Nothing comes back, and no connection ends. A write of that time may be carried out later, but nobody was told that it
/// was.
#[test]
fn a_command_to_a_server_that_is_frozen_is_a_fault_in_4_seconds() {
    run(async {
        let server = Redis::start().unwrap();
        let address = server.url();
        let whole = RedisStore::open(address).await.unwrap();
        let spread = RedisOptions::new().prefix("spread").buckets(64).open(address).await.unwrap();
        let waiting = RedisOptions::new().wait_for_replicas(1, Duration::from_secs(1));
        let waiting = waiting.open(address).await.unwrap();
        let ada = user("ada@example.com");
        commit(&whole, inserting(&ada)).await;
        server.pause();
        let (one, two, three) = tokio::join!(
            every_command(&whole, &ada),
            every_command(&spread, &ada),
            every_command(&waiting, &ada),
        );
        for (command, fault, took) in [one, two, three].into_iter().flatten() {
            assert_unavailable(fault);
            assert!(took < MOST, "{command} took {took:?}");
        }
        let begun = Instant::now();
        let opened = RedisStore::open(address).await;
        assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
        assert!(begun.elapsed() < MOST, "opening took {:?}", begun.elapsed());
        server.resume();
        recovers(&whole, &ada).await;
    });
}

/// Each call is answered in its time, and all that a command calls together is not.
#[test]
fn a_command_of_many_calls_to_a_server_that_is_slow_is_a_fault_in_4_seconds() {
    run(async {
        let server = Redis::start().unwrap();
        let proxy = Proxy::to(address_of(&server)).unwrap();
        let address = format!("redis://{}", proxy.address());
        let store = RedisOptions::new().buckets(64).open(&address).await.unwrap();
        let ada = user("ada@example.com");
        commit(&store, inserting(&ada)).await;
        // Each way, so that a call takes a second.
        proxy.delay(Duration::from_millis(500));
        let sessions = (0..12).map(|_| Write::InsertSession(Box::new(session(&ada))));
        let opening = Commit { writes: sessions.collect(), ..Commit::default() };
        let (_, answer, took) = timed("a commit of many buckets", store.commit(opening)).await;
        assert_unavailable(answer);
        assert!(took < MOST, "it took {took:?}");
        // One call is in time.
        assert!(is_there(&store, &ada).await.unwrap());
        proxy.heal();
        recovers(&store, &ada).await;
    });
}

type Timed = (&'static str, Result<(), Fault>, Duration);

/// One of each kind, at once.
async fn every_command(store: &RedisStore, ada: &User) -> Vec<Timed> {
    let bob = user("bob@example.com");
    let removal = vec![Write::RemoveUser { id: ada.id, was: ada.version }];
    let removal = Commit { writes: removal, ..Commit::default() };
    let sessions =
        ListSessions { user: ada.id, epoch: ada.epoch, now: NOW, before: None, limit: 9 };
    let messages = ListMessages { state: None, after: None, limit: 9 };
    let sweep = Sweep {
        sessions_expired_by: NOW,
        attempts_idle_since: NOW,
        accounts_closed_by: NOW,
        links_expired_by: NOW,
        events_kept_since: NOW,
        dead_letters_buried_by: NOW,
        limit: 9,
    };
    let all = tokio::join!(
        timed("a search", is_there(store, ada)),
        timed("an attempt", store.count_attempt(attempt(ada))),
        timed("a commit", store.commit(inserting(&bob))),
        timed("a removal", store.commit(removal)),
        timed("a list of sessions", store.list_sessions(sessions)),
        timed("a list of messages", store.list_messages(messages)),
        timed("a taking of events", store.take_events("log".to_owned(), NOW, NOW, 9)),
        timed("a list of counters", store.list_idle_attempts(NOW, None, 9)),
        timed("a sweep", store.sweep(sweep)),
        timed("a ping", store.ping()),
    );
    let (one, two, three, four, five, six, seven, eight, nine, ten) = all;
    vec![one, two, three, four, five, six, seven, eight, nine, ten]
}

async fn timed<T>(command: &'static str, answer: impl Future<Output = Result<T, Fault>>) -> Timed {
    let begun = Instant::now();
    let answer = answer.await.map(drop);
    (command, answer, begun.elapsed())
}
