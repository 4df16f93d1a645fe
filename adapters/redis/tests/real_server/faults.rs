//! What goes wrong: each fault says what can be done about it, comes in bounded time, and grants nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use testudo::command::{FindUser, UserKey};
use testudo::model::User;
use testudo_driver::{Fault, FaultKind, Store};
use testudo_redis::{OpenError, RedisOptions, RedisStore};
use testudo_test_servers::{Options, Redis};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::fixtures::{attempt, commit, inserting, user};
use crate::support::{BOUND, raw, run};

pub(crate) fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, Fault>) {
    let fault = answer.expect_err("a fault");
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
}

pub(crate) async fn is_there(store: &RedisStore, user: &User) -> Result<bool, Fault> {
    let key = UserKey::Id(user.id);
    Ok(store.find_user(FindUser { key }).await?.is_some())
}

/// That a store works again by itself within seconds.
pub(crate) async fn recovers(store: &RedisStore, user: &User) {
    let again = async {
        while !matches!(is_there(store, user).await, Ok(true)) {
            sleep(Duration::from_millis(20)).await;
        }
        while store.commit(inserting(&crate::fixtures::user("next@example.com"))).await.is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BOUND, again).await.expect("it works again");
}

async fn configure(redis: &mut MultiplexedConnection, name: &str, value: &str) {
    let set = redis::cmd("CONFIG").arg("SET").arg(name).arg(value).exec_async(redis).await;
    set.expect("a setting");
}

#[test]
fn scripts_that_the_server_lost_are_sent_anew() {
    run(async {
        let server = Redis::start().unwrap();
        let store = RedisStore::open(server.url()).await.unwrap();
        let mut redis = raw(server.url()).await;
        for name in ["ada@example.com", "bob@example.com"] {
            let user = user(name);
            let () = redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut redis).await.unwrap();
            commit(&store, inserting(&user)).await;
            let () = redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut redis).await.unwrap();
            let key = UserKey::Email(user.email.key().clone());
            assert_eq!(store.find_user(FindUser { key }).await.unwrap(), Some(user));
        }
    });
}

#[test]
fn what_was_acknowledged_is_there_after_the_server_was_killed_and_the_store_goes_on() {
    run(async {
        let server = Redis::start_with(&Options::durable()).unwrap();
        let store = RedisStore::open(server.url()).await.unwrap();
        for round in 0..3 {
            let ada = user(&format!("ada{round}@example.com"));
            commit(&store, inserting(&ada)).await;
            server.kill_9().unwrap();
            assert_unavailable(timeout(BOUND, is_there(&store, &ada)).await.unwrap());
            let other = inserting(&user("bob@example.com"));
            assert_unavailable(timeout(BOUND, store.commit(other)).await.unwrap());
            assert_unavailable(timeout(BOUND, store.ping()).await.unwrap());
            server.restart().unwrap();
            recovers(&store, &ada).await;
        }
    });
}

#[test]
fn no_acknowledged_commit_is_lost_however_often_the_server_is_killed_under_load() {
    run(async {
        let server = Redis::start_with(&Options::durable()).unwrap();
        let store = RedisStore::open(server.url()).await.unwrap();
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let load: Vec<_> = (0..8)
            .map(|task| {
                let (store, acknowledged) = (store.clone(), Arc::clone(&acknowledged));
                let is_over = Arc::clone(&is_over);
                tokio::spawn(async move {
                    let mut number = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        number += 1;
                        let user = user(&format!("{task}-{number}@example.com"));
                        match store.commit(inserting(&user)).await {
                            Ok(applied) => {
                                applied.expect("it is new");
                                acknowledged.lock().unwrap().push(user);
                            }
                            Err(fault) => {
                                assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
                                sleep(Duration::from_millis(5)).await;
                            }
                        }
                    }
                })
            })
            .collect();
        for round in 1..=8 {
            let before = acknowledged.lock().unwrap().len();
            let goes_on = async {
                while acknowledged.lock().unwrap().len() < before + 50 + round {
                    sleep(Duration::from_millis(1)).await;
                }
            };
            timeout(BOUND, goes_on).await.expect("it goes on after a kill");
            server.kill_9().unwrap();
            server.restart().unwrap();
        }
        is_over.store(true, Ordering::Relaxed);
        for task in load {
            task.await.unwrap();
        }
        let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
        assert!(acknowledged.len() > 400);
        for user in acknowledged {
            assert!(is_there(&store, &user).await.unwrap(), "{} was lost", user.email.as_str());
        }
    });
}

/// What is sent over it is swallowed, as by a firewall that forgot it: TCP alone would find out in minutes.
#[test]
fn a_connection_that_leads_nowhere_is_replaced() {
    run(async {
        let server = Redis::start().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("redis://{}", listener.local_addr().unwrap());
        let (port, swallow) = (server.port(), Arc::new(Notify::new()));
        let swallowing = Arc::clone(&swallow);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let swallow = Arc::clone(&swallowing);
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        () = swallow.notified() => {
                            tokio::io::copy(&mut client, &mut tokio::io::sink()).await.unwrap();
                        }
                    }
                });
            }
        });
        let store = RedisStore::open(&address).await.unwrap();
        let ada = user("ada@example.com");
        commit(&store, inserting(&ada)).await;
        swallow.notify_waiters();
        assert_unavailable(timeout(BOUND, is_there(&store, &ada)).await.unwrap());
        recovers(&store, &ada).await;
    });
}

#[test]
fn a_server_that_became_a_replica_takes_no_writes_until_it_is_none() {
    run(async {
        let (server, master) = (Redis::start().unwrap(), Redis::start().unwrap());
        let store = RedisStore::open(server.url()).await.unwrap();
        let ada = user("ada@example.com");
        // So that it is there also when the server has become a copy.
        commit(&RedisStore::open(master.url()).await.unwrap(), inserting(&ada)).await;
        let mut redis = raw(server.url()).await;
        let () = replicate(&mut redis, &master).await;
        let seen = async {
            while !matches!(is_there(&store, &ada).await, Ok(true)) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(BOUND, seen).await.expect("a copy");
        assert_unavailable(store.commit(inserting(&user("bob@example.com"))).await);
        assert_unavailable(store.count_attempt(attempt(&ada)).await);
        let opened = RedisOptions::new().prefix("new").open(server.url()).await;
        assert!(matches!(opened, Err(OpenError::Unavailable(_))), "{opened:?}");
        let none = ["NO", "ONE"];
        let () = redis::cmd("REPLICAOF").arg(&none).exec_async(&mut redis).await.unwrap();
        recovers(&store, &ada).await;
    });
}

#[test]
fn a_commit_waits_for_replicas_if_it_is_told_to() {
    run(async {
        let (server, replica) = (Redis::start().unwrap(), Redis::start().unwrap());
        let options = RedisOptions::new().wait_for_replicas(1, Duration::from_secs(1));
        let store = options.open(server.url()).await.unwrap();
        let ada = user("ada@example.com");
        let alone = store.commit(inserting(&ada)).await.expect_err("there is no replica");
        assert_eq!(alone.kind(), FaultKind::Unavailable);
        assert!(alone.to_string().contains("replicas"), "{alone}");

        let mut redis = raw(replica.url()).await;
        let () = replicate(&mut redis, &server).await;
        let mut master = raw(server.url()).await;
        let followed = async {
            loop {
                let mut wait = redis::cmd("WAIT");
                let followed: u32 = wait.arg(1).arg(100).query_async(&mut master).await.unwrap();
                if followed == 1 {
                    break;
                }
            }
        };
        timeout(BOUND, followed).await.expect("a replica");
        // Also with a script that is not known yet on that connection's server. Where the replica takes longer than a
        // second, as on a busy machine, it is a fault.
        let counts = async {
            for number in 0.. {
                let () = redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut master).await.unwrap();
                let bob = user(&format!("bob{number}@example.com"));
                if store.commit(inserting(&bob)).await.is_ok() {
                    return bob;
                }
            }
            unreachable!("users are countless")
        };
        let bob = timeout(BOUND, counts).await.expect("it is acknowledged");
        let field = &bob.id.as_uuid().as_bytes()[..];
        let there: bool = redis.hexists("{testudo:0}:users", field).await.unwrap();
        assert!(there, "what was acknowledged is on the replica");
        replica.pause();
        assert_unavailable(store.commit(inserting(&user("eve@example.com"))).await);
    });
}

#[test]
fn when_memory_is_full_nothing_is_written_and_reads_go_on() {
    run(async {
        let server = Redis::start().unwrap();
        let store = RedisStore::open(server.url()).await.unwrap();
        let (ada, bob) = (user("ada@example.com"), user("bob@example.com"));
        commit(&store, inserting(&ada)).await;
        let mut redis = raw(server.url()).await;
        configure(&mut redis, "maxmemory", "1").await;
        let before: usize = redis::cmd("DBSIZE").query_async(&mut redis).await.unwrap();
        assert_unavailable(store.commit(inserting(&bob)).await);
        assert_unavailable(store.count_attempt(attempt(&ada)).await);
        let after: usize = redis::cmd("DBSIZE").query_async(&mut redis).await.unwrap();
        assert_eq!(before, after);
        assert!(is_there(&store, &ada).await.unwrap());
        assert!(!is_there(&store, &bob).await.unwrap());
        configure(&mut redis, "maxmemory", "0").await;
        commit(&store, inserting(&bob)).await;
    });
}

#[test]
fn a_server_that_would_throw_records_away_is_not_opened_and_not_well_if_it_is_told_to_later() {
    run(async {
        let server = Redis::start().unwrap();
        let mut redis = raw(server.url()).await;
        configure(&mut redis, "maxmemory-policy", "volatile-lru").await;
        let store =
            RedisStore::open(server.url()).await.expect("without a limit nothing is thrown away");
        store.ping().await.unwrap();
        configure(&mut redis, "maxmemory", "100mb").await;
        let opened = RedisStore::open(server.url()).await;
        assert!(
            matches!(&opened, Err(OpenError::Evicts(it)) if it == "volatile-lru"),
            "{opened:?}"
        );
        let fault = store.ping().await.unwrap_err();
        assert!(fault.to_string().contains("noeviction"), "{fault}");
        let trusting = RedisOptions::new().allow_eviction().open(server.url()).await.unwrap();
        trusting.ping().await.unwrap();
        configure(&mut redis, "maxmemory-policy", "noeviction").await;
        RedisStore::open(server.url()).await.unwrap();
        store.ping().await.unwrap();
    });
}

#[test]
fn a_server_that_loads_its_file_is_a_fault_until_it_has() {
    run(async {
        let debug = Options::throwaway().argument("--enable-debug-command").argument("yes");
        let server = Redis::start_with(&debug).unwrap();
        let store = RedisStore::open(server.url()).await.unwrap();
        let ada = user("ada@example.com");
        commit(&store, inserting(&ada)).await;
        let mut redis = raw(server.url()).await;
        for number in 0..2000 {
            let () = redis.set(format!("filler {number}"), vec![7_u8; 2000]).await.unwrap();
        }
        configure(&mut redis, "key-load-delay", "1000").await;
        configure(&mut redis, "loading-process-events-interval-bytes", "1024").await;
        let reload = tokio::spawn(async move {
            let _ = redis::cmd("DEBUG").arg("RELOAD").exec_async(&mut redis).await;
        });
        let loading = async {
            loop {
                match store.ping().await {
                    Err(fault) if fault.to_string().contains("LOADING") => break fault,
                    _ => sleep(Duration::from_millis(5)).await,
                }
            }
        };
        let fault = timeout(BOUND, loading).await.expect("it is seen while it loads");
        assert_eq!(fault.kind(), FaultKind::Unavailable);
        assert_unavailable(store.commit(inserting(&user("bob@example.com"))).await);
        reload.await.unwrap();
        recovers(&store, &ada).await;
    });
}

async fn replicate(redis: &mut MultiplexedConnection, master: &Redis) {
    let port = master.port();
    let order = redis::cmd("REPLICAOF").arg("127.0.0.1").arg(port).exec_async(redis).await;
    order.expect("a replica");
}
