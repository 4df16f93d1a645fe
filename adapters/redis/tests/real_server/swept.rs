//! Much at once: sweeping where much has to stay, and accounts of whom much goes.

use std::collections::BTreeSet;

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use testudo::command::{
    Commit, FindSession, FindSessionWithUser, FindUserWithSession, Sweep, Write,
};
use testudo::model::{AttemptKey, EmailKey, Session, User};
use testudo::{Duration, Timestamp};
use testudo_driver::Store;
use testudo_redis::RedisStore;
use testudo_test_servers::Redis;

use crate::fixtures::{NOW, commit, inserting, session, user};
use crate::support::{raw, run};

/// How many counters stay.
const KEPT: usize = 5000;

/// A counter with failures in a row, at an account if it is to stay.
struct Counter {
    email: String,
    end: Timestamp,
    is_kept: bool,
}

impl Counter {
    fn new(number: usize, after: usize, is_kept: bool) -> Self {
        let end = NOW + Duration::from_millis(u64::try_from(after).unwrap());
        Self { email: format!("{number}@example.com"), end, is_kept }
    }
}

/// As counting and signing up write it, with one bucket.
async fn put(redis: &mut MultiplexedConnection, counters: &[Counter]) {
    for some in counters.chunks(5000) {
        let mut pipeline = redis::pipe();
        for Counter { email, end, is_kept } in some {
            let key = AttemptKey::login_account(&EmailKey::from_stored(email.clone()));
            let (key, end) = (key.as_str(), end.as_millis());
            pipeline.set(format!("{{testudo:0}}:counter:{key}"), format!("3 {end} 3")).ignore();
            pipeline.zadd("{testudo:0}:counters:end", key, end).ignore();
            pipeline.zadd("{testudo:0}:counters:keys", key, 0).ignore();
            if *is_kept {
                pipeline.hset("{testudo:0}:emails", email, "somebody").ignore();
            }
        }
        let () = pipeline.query_async(redis).await.unwrap();
    }
}

async fn sweep(store: &RedisStore, limit: u32) -> u64 {
    store.sweep(sweeping(NOW, limit)).await.unwrap().attempts
}

fn sweeping(sessions_expired_by: Timestamp, limit: u32) -> Sweep {
    Sweep {
        sessions_expired_by,
        attempts_idle_since: NOW + Duration::from_days(1),
        accounts_closed_by: NOW,
        links_expired_by: NOW,
        events_kept_since: NOW,
        dead_letters_buried_by: NOW,
        limit,
    }
}

/// How often a command was given, but for those within scripts.
async fn calls_of(redis: &mut MultiplexedConnection, command: &str) -> usize {
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(redis).await.unwrap();
    let prefix = format!("cmdstat_{command}:calls=");
    let line = info.lines().find_map(|line| line.strip_prefix(&prefix));
    line.map_or(0, |line| line.split_once(',').unwrap().0.parse().unwrap())
}

async fn left(redis: &mut MultiplexedConnection) -> BTreeSet<String> {
    let mut all = redis::cmd("ZRANGE");
    all.arg("{testudo:0}:counters:end").arg(0).arg(-1).query_async(redis).await.unwrap()
}

#[test]
fn counters_that_stay_are_looked_at_many_at_once_however_few_are_to_go() {
    run(async {
        let server = Redis::start().unwrap();
        let store = RedisStore::open(server.url()).await.unwrap();
        let mut redis = raw(server.url()).await;
        let mut counters: Vec<_> = (0..KEPT).map(|it| Counter::new(it, it / 3, true)).collect();
        counters.extend((0..3).map(|it| Counter::new(KEPT + it, KEPT, false)));
        put(&mut redis, &counters).await;
        let before = calls_of(&mut redis, "evalsha").await;
        assert_eq!(sweep(&store, 2).await, 2);
        let calls = calls_of(&mut redis, "evalsha").await - before;
        assert!(calls < KEPT / 100, "{calls} calls");
        assert_eq!(sweep(&store, 2).await, 1);
        assert_eq!(left(&mut redis).await.len(), KEPT);
    });
}

/// Also where so many windows end at once that more than one look is taken at them.
#[test]
fn among_counters_that_stay_none_that_is_to_go_is_passed_over() {
    run(async {
        for at_once in [1, 7, 600, 2500] {
            let server = Redis::start().unwrap();
            let store = RedisStore::open(server.url()).await.unwrap();
            let mut redis = raw(server.url()).await;
            let is_kept = |it: usize| it.is_multiple_of(3) || (1000..1700).contains(&it);
            let counters: Vec<_> =
                (0..2500).map(|it| Counter::new(it, it / at_once, is_kept(it))).collect();
            put(&mut redis, &counters).await;
            let many = counters.iter().filter(|it| !it.is_kept).count();
            let mut gone = 0;
            loop {
                let went = usize::try_from(sweep(&store, 321).await).unwrap();
                gone += went;
                if went < 321 {
                    break;
                }
            }
            assert_eq!(gone, many, "{at_once} at once");
            let kept = counters.iter().filter(|it| it.is_kept).map(|it| {
                let key = AttemptKey::login_account(&EmailKey::from_stored(it.email.clone()));
                key.as_str().to_owned()
            });
            assert_eq!(left(&mut redis).await, kept.collect::<BTreeSet<_>>());
        }
    });
}

/// Who has that many sessions, and one that is somebody else's.
async fn with_sessions(store: &RedisStore, many: usize) -> (User, Vec<Session>, Session) {
    let (mut ada, bob) = (user("ada@example.com"), user("bob@example.com"));
    ada.closes_at = Some(NOW);
    let sessions: Vec<_> = (0..many).map(|_| session(&ada)).collect();
    let others = session(&bob);
    for who in [&ada, &bob] {
        commit(store, inserting(who)).await;
    }
    let all = sessions.iter().chain([&others]);
    let writes = all.map(|it| Write::InsertSession(Box::new(it.clone()))).collect();
    commit(store, Commit { writes, ..Commit::default() }).await;
    (ada, sessions, others)
}

async fn is_there(store: &RedisStore, session: &Session) -> bool {
    store.find_session_record(session.id).await.unwrap().is_some()
}

#[test]
fn an_account_goes_with_all_of_very_many_sessions_and_no_script_removes_them_all() {
    run(async {
        for is_swept in [false, true] {
            let server = Redis::start().unwrap();
            let store = RedisStore::open(server.url()).await.unwrap();
            let mut redis = raw(server.url()).await;
            let (ada, sessions, others) = with_sessions(&store, 2500).await;
            let before = calls_of(&mut redis, "evalsha").await;
            if is_swept {
                sweep(&store, 9).await;
            } else {
                let writes = vec![Write::RemoveUser { id: ada.id, was: ada.version }];
                commit(&store, Commit { writes, ..Commit::default() }).await;
                let calls = calls_of(&mut redis, "evalsha").await - before;
                assert_eq!(calls, 3, "a thousand each");
            }
            for session in &sessions {
                assert!(!is_there(&store, session).await);
            }
            assert!(is_there(&store, &others).await);
            let left: Vec<Vec<u8>> =
                redis.zrange("{testudo:0}:sessions:expiry", 0, -1).await.unwrap();
            assert_eq!(left.len(), 1);
            let id = ada.id.as_uuid().simple();
            let of_ada: Vec<String> = redis.keys(format!("*:user:{id}:sessions")).await.unwrap();
            assert_eq!(of_ada, [""; 0]);
        }
    });
}

/// As a crash leaves them behind that comes before all are gone.
#[test]
fn a_session_that_outlived_its_owner_is_worth_nothing_and_goes_when_its_time_is_over() {
    run(async {
        let server = Redis::start().unwrap();
        let store = RedisStore::open(server.url()).await.unwrap();
        let mut redis = raw(server.url()).await;
        let (ada, sessions, _) = with_sessions(&store, 1).await;
        let () = redis.hdel("{testudo:0}:users", &ada.id.as_uuid().as_bytes()[..]).await.unwrap();
        let id = sessions[0].id;
        assert!(is_there(&store, &sessions[0]).await);
        assert!(store.find_session(FindSession { id }).await.unwrap().is_none());
        let find = FindSessionWithUser { id };
        assert_eq!(store.find_session_with_user(find).await.unwrap(), None);
        let find = FindUserWithSession { user: ada.id, session: id };
        assert_eq!(store.find_user_with_session(find).await.unwrap(), None);
        let swept = store.sweep(sweeping(NOW + Duration::from_days(7), 9)).await.unwrap();
        assert_eq!(swept.sessions, 2);
        assert!(!is_there(&store, &sessions[0]).await);
        let index = format!("{{testudo:0}}:user:{}:sessions", ada.id.as_uuid().simple());
        assert!(!redis.exists::<_, bool>(index).await.unwrap());
    });
}
