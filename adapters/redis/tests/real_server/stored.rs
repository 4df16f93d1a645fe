//! What stands in Redis: what cannot be read, how long it stays, and whose it is.

use redis::AsyncCommands;
use testudo::command::{
    CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSessionWithUser, FindUser,
    ListEvents, Sweep, UserKey,
};
use testudo::message::{BurialReason, ListMessages};
use testudo::model::AttemptVerdict;
use testudo::{Duration, Timestamp};
use testudo_driver::{Fault, FaultKind, Store};
use testudo_redis::{OpenError, RedisOptions, RedisStore};
use testudo_test_servers::unique_name;

use crate::fixtures::{NOW, all_of, attempt, commit, inserting, user};
use crate::support::{open, raw, run, server};

/// A fault that names a field of this kind.
fn assert_corrupt<T: std::fmt::Debug>(answer: Result<T, Fault>, kind: &str, what: &str) {
    let fault = answer.expect_err(what);
    assert_eq!(fault.kind(), FaultKind::Corrupt, "{what}: {fault}");
    let shown = format!("{fault} {fault:?}");
    assert!(shown.contains(kind), "{what}: {shown}");
    assert!(!shown.contains("example.com"), "{what}: {shown}");
}

#[test]
fn a_record_that_was_cut_anywhere_or_made_longer_is_corrupt() {
    run(async {
        let prefix = unique_name();
        let store = open(server(), &prefix, 1).await;
        let ada = user("ada@example.com");
        let (batch, session, invited, key, onboarding) = all_of(&ada);
        commit(&store, batch).await;
        let mut redis = raw(server()).await;
        for (kind, name, id) in [
            ("sessions.", "session", session.id.as_uuid()),
            ("invitations.", "invitation", invited.id.as_uuid()),
            ("api_keys.", "api-key", key.id.as_uuid()),
            ("onboarding.", "onboarding", onboarding.id.as_uuid()),
        ] {
            let name = format!("{{{prefix}:0}}:{name}:{}", id.simple());
            let whole: Vec<u8> = redis.get(&name).await.unwrap();
            // The owner's id within it must stay for the owner to be found at all.
            let from = if kind == "sessions." || kind == "api_keys." { 25 } else { 0 };
            let mut broken: Vec<_> = (from..whole.len()).map(|end| whole[..end].to_vec()).collect();
            broken.push([&whole[..], b"7"].concat());
            broken.push([b"\x07", &whole[1..]].concat());
            for record in broken {
                let what = format!("{kind} of {} bytes", record.len());
                let () = redis.set(&name, record).await.unwrap();
                match kind {
                    "sessions." => {
                        let find = FindSessionWithUser { id: session.id };
                        assert_corrupt(store.find_session_with_user(find).await, kind, &what);
                    }
                    "invitations." => {
                        let find = FindInvitation { id: invited.id };
                        assert_corrupt(store.find_invitation(find).await, kind, &what);
                    }
                    "api_keys." => {
                        let find = FindApiKey { id: key.id };
                        assert_corrupt(store.find_api_key(find).await, kind, &what);
                    }
                    _ => {
                        let find = FindOnboarding { id: onboarding.id };
                        assert_corrupt(store.find_onboarding(find).await, kind, &what);
                    }
                }
            }
        }
        let users = format!("{{{prefix}:0}}:users");
        let whole: Vec<u8> = redis.hget(&users, &ada.id.as_uuid().as_bytes()[..]).await.unwrap();
        for end in 0..whole.len() {
            let field = &ada.id.as_uuid().as_bytes()[..];
            let () = redis.hset(&users, field, &whole[..end]).await.unwrap();
            let find = FindUser { key: UserKey::Id(ada.id) };
            assert_corrupt(store.find_user(find).await, "users.", &format!("{end} bytes"));
        }
    });
}

/// Each is of another type, or says what no version of this library says.
#[test]
fn what_stands_where_it_should_not_is_corrupt_and_nothing_is_written_over_it() {
    run(async {
        let places = [
            "users",
            "emails",
            "users:ids",
            "users:closing",
            "events",
            "events:places",
            "events:ids",
            "events:moments",
            "events:sequence",
            "messages:sequence",
            "messages",
            "messages:states",
            "messages:ids",
            "messages:due",
            "sessions:expiry",
            "invitations:expiry",
            "api-keys:expiry",
            "onboarding:expiry",
        ];
        for place in places {
            let prefix = unique_name();
            let store = open(server(), &prefix, 1).await;
            let mut redis = raw(server()).await;
            let name = format!("{{{prefix}:0}}:{place}");
            let () = redis.rpush(&name, "7031").await.unwrap();
            let before = keys_of(&mut redis, &prefix).await;
            let fault = store.commit(all_of(&user("ada@example.com")).0).await.unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Corrupt, "{place}: {fault}");
            assert!(!format!("{fault:?}").contains("7031"), "{fault:?}");
            assert_eq!(
                keys_of(&mut redis, &prefix).await,
                before,
                "{place}: something was written"
            );
        }

        let prefix = unique_name();
        let store = open(server(), &prefix, 1).await;
        let ada = user("ada@example.com");
        commit(&store, all_of(&ada).0).await;
        store.begin_events("log".to_owned()).await.unwrap();
        let mut redis = raw(server()).await;
        let name = |place: &str| format!("{{{prefix}:0}}:{place}");
        let counting = attempt(&ada);
        let counter = name(&format!("counter:{}", counting.key.as_str()));
        let () = redis.set(&counter, "5 7031").await.unwrap();
        assert_corrupt(store.count_attempt(counting).await, "counters", "a counter");
        let () = redis.hset(name("events:consumers"), "log", "7031").await.unwrap();
        let taken = store.take_events("log".to_owned(), NOW, NOW, 9).await;
        assert_corrupt(taken, "consumers", "a consumer");
        let events: Vec<Vec<u8>> = redis.hkeys(name("events")).await.unwrap();
        let () = redis.hset(name("events"), &events[0], "{\"id\": 7031}").await.unwrap();
        let listed = store.list_events(ListEvents::newest(9)).await;
        assert_corrupt(listed, "events.record", "an event");
        let messages: Vec<Vec<u8>> = redis.hkeys(name("messages")).await.unwrap();
        for state in ["", "7031", "1 2 3", "1 253402207200001", "1 2 3 7031"] {
            let () = redis.hset(name("messages:states"), &messages[0], state).await.unwrap();
            let all = ListMessages { state: None, after: None, limit: 9 };
            assert_corrupt(store.list_messages(all).await, "messages.state", state);
        }
        let () = redis.hset(name("messages"), &messages[0], "7031").await.unwrap();
        let taken = store.take_messages(NOW, NOW, 9).await;
        assert_corrupt(taken, "messages.", "a message");
    });
}

/// A backstop for what nobody sweeps; what has no end carries none.
#[test]
fn what_ends_goes_by_itself_and_never_before_its_time() {
    run(async {
        let prefix = unique_name();
        let store = open(server(), &prefix, 1).await;
        let ada = user("ada@example.com");
        let (batch, session, ..) = all_of(&ada);
        commit(&store, batch).await;
        store.count_attempt(attempt(&ada)).await.unwrap();
        let messages = ListMessages { state: None, after: None, limit: 9 };
        let id = store.list_messages(messages).await.unwrap()[0].message.id;
        store.bury_message(id, NOW, BurialReason::Refused).await.unwrap();
        store.begin_events("log".to_owned()).await.unwrap();

        let mut redis = raw(server()).await;
        let day = 24 * 60 * 60 * 1000;
        for name in keys_of(&mut redis, &prefix).await {
            let left: i64 = redis.pttl(&name).await.unwrap();
            let place = name.split_once("}:").unwrap().1;
            let days = match place.split(':').collect::<Vec<_>>().as_slice() {
                ["session" | "invitation" | "api-key", _] => 14,
                ["user", _, "sessions" | "invitations" | "api-keys"] => 14,
                ["invitations", "of-administrators"] => 14,
                ["onboarding", id] if *id != "expiry" => 7,
                ["counter", ..] => 400,
                _ => {
                    assert_eq!(left, -1, "{place} goes by itself");
                    continue;
                }
            };
            assert!(left > days * day - 60_000, "{place} goes after {left} ms");
            assert!(left < (days + 1) * day, "{place} stays for {left} ms");
        }
        assert!(store.find_session_record(session.id).await.unwrap().is_some());
    });
}

/// Guesses that are refused write nothing, and would not keep it.
#[test]
fn a_counter_that_stopped_for_good_goes_by_the_sweep_alone() {
    run(async {
        let prefix = unique_name();
        let store = open(server(), &prefix, 1).await;
        let mut redis = raw(server()).await;
        let counting = |email: &str, hard_stop| {
            let mut counting = attempt(&user(email));
            counting.limit.hard_stop = Some(hard_stop);
            counting
        };
        let name = |of: &CountAttempt| format!("{{{prefix}:0}}:counter:{}", of.key.as_str());

        let reached = counting("ada@example.com", 2);
        store.count_attempt(reached.clone()).await.unwrap();
        assert!(redis.pttl::<_, i64>(name(&reached)).await.unwrap() > 0);
        store.count_attempt(reached.clone()).await.unwrap();
        assert_eq!(redis.pttl::<_, i64>(name(&reached)).await.unwrap(), -1);
        let verdict = store.count_attempt(reached.clone()).await.unwrap();
        assert_eq!(verdict, AttemptVerdict::Stopped);

        // Of more attempts than are allowed by now.
        let lowered = counting("bob@example.com", 9);
        store.count_attempt(lowered.clone()).await.unwrap();
        assert!(redis.pttl::<_, i64>(name(&lowered)).await.unwrap() > 0);
        for _ in 0..2 {
            let verdict = store.count_attempt(counting("bob@example.com", 1)).await.unwrap();
            assert_eq!(verdict, AttemptVerdict::Stopped);
            assert_eq!(redis.pttl::<_, i64>(name(&lowered)).await.unwrap(), -1);
        }

        commit(&store, inserting(&user("bob@example.com"))).await;
        assert_eq!(sweep_attempts(&store, 9).await, 1, "that of an account stays");
        assert!(!redis.exists::<_, bool>(name(&reached)).await.unwrap());
        assert!(redis.exists::<_, bool>(name(&lowered)).await.unwrap());
    });
}

/// Sweeps counters that are idle by some later time.
async fn sweep_attempts(store: &RedisStore, limit: u32) -> u64 {
    let sweep = Sweep {
        sessions_expired_by: NOW,
        attempts_idle_since: NOW + Duration::from_days(1),
        accounts_closed_by: NOW,
        links_expired_by: NOW,
        events_kept_since: Timestamp::from_millis(0),
        dead_letters_buried_by: NOW,
        limit,
    };
    store.sweep(sweep).await.unwrap().attempts
}

#[test]
fn stores_of_different_prefixes_share_nothing() {
    run(async {
        let (one, other) = (unique_name(), unique_name());
        // One prefix that another one begins with.
        let longer = format!("{one}x");
        for prefix in [&one, &other, &longer] {
            let store = open(server(), prefix, 1).await;
            let nobody = ListEvents::newest(9);
            assert_eq!(store.list_events(nobody).await.unwrap(), []);
            commit(&store, inserting(&user("ada@example.com"))).await;
        }
        let mut redis = raw(server()).await;
        for prefix in [&one, &other] {
            assert_eq!(keys_of(&mut redis, prefix).await.len(), 10, "of {prefix}");
        }
    });
}

#[test]
fn a_store_that_was_made_with_other_buckets_or_by_something_else_does_not_open() {
    run(async {
        let prefix = unique_name();
        open(server(), &prefix, 4).await;
        let opened = RedisOptions::new().prefix(&prefix).buckets(8).open(server()).await;
        assert!(matches!(opened, Err(OpenError::Buckets { recorded: 4, wanted: 8 })), "{opened:?}");
        open(server(), &prefix, 4).await;

        let other = unique_name();
        let mut redis = raw(server()).await;
        let () = redis.set(format!("{{{other}:0}}:layout"), "testudo 2 shards 9").await.unwrap();
        let opened = RedisOptions::new().prefix(&other).open(server()).await;
        assert!(matches!(opened, Err(OpenError::OtherLayout)), "{opened:?}");
        for prefix in ["", "a:b", "a{b}", "{", "Ä"] {
            let opened = RedisOptions::new().prefix(prefix).open(server()).await;
            assert!(matches!(opened, Err(OpenError::Prefix)), "{prefix}");
        }
        for buckets in [0, 16385] {
            let opened = RedisOptions::new().buckets(buckets).open(server()).await;
            assert!(matches!(opened, Err(OpenError::BucketCount)), "{buckets}");
        }
    });
}

#[test]
fn a_password_in_an_address_is_shown_nowhere() {
    run(async {
        let prefix = unique_name();
        let port = server().rsplit_once(':').unwrap().1;
        // There is no such user: the server refuses.
        let address = format!("redis://ada:s3cr3t@127.0.0.1:{port}");
        let refused = RedisOptions::new().prefix(&prefix).open(&address).await.unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("s3cr3t"), "{refused:?}");

        let mut redis = raw(server()).await;
        // What docs/redis.md says that a user of Redis' ACL needs.
        let mut grant = redis::cmd("ACL");
        grant.arg("SETUSER").arg(&prefix).arg("on").arg(">s3cr3t").arg(format!("~{{{prefix}:*"));
        grant.arg(&["+@read", "+@write", "+@scripting", "+@connection"]);
        // Before version 7 they are no commands of connections.
        grant.arg(&["-select", "-asking"]);
        grant.arg(&["+select", "+asking", "+info", "+wait"]);
        let () = grant.exec_async(&mut redis).await.unwrap();
        let address = format!("redis://{prefix}:s3cr3t@127.0.0.1:{port}/3");
        let store: RedisStore = RedisOptions::new().prefix(&prefix).open(&address).await.unwrap();
        let ada = user("ada@example.com");
        commit(&store, all_of(&ada).0).await;
        store.count_attempt(attempt(&ada)).await.unwrap();
        assert_eq!(store.take_messages(NOW, NOW, 9).await.unwrap().len(), 1);
        assert!(!format!("{store:?}").contains("s3cr3t"), "{store:?}");
        let found: bool = redis.exists(format!("{{{prefix}:0}}:layout")).await.unwrap();
        assert!(!found, "it is in the database of that number");
    });
}

async fn keys_of(redis: &mut redis::aio::MultiplexedConnection, prefix: &str) -> Vec<String> {
    let mut keys: Vec<String> = redis.keys(format!("{{{prefix}:*")).await.unwrap();
    keys.sort();
    keys
}
