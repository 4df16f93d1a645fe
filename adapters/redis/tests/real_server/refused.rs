//! A server that is there and lets nobody in: a fault as long as it does, and no longer.

use std::time::{Duration, Instant};

use futures::future::join_all;
use redis::Pipeline;
use redis::aio::MultiplexedConnection;
use testudo::model::User;
use testudo_driver::{Fault, FaultKind, Store};
use testudo_redis::RedisStore;
use testudo_test_servers::{Redis, RedisCluster};
use tokio::time::{sleep, timeout};

use crate::faults::{assert_unavailable, is_there, recovers};
use crate::fixtures::{commit, inserting, user};
use crate::support::{BOUND, as_cluster, raw, run};

/// Ends all connections but the one that says so.
fn killing() -> Pipeline {
    let mut pipeline = redis::pipe();
    pipeline.cmd("CLIENT").arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]).ignore();
    pipeline
}

async fn require_password(redis: &mut MultiplexedConnection, password: &str) {
    let mut pipeline = redis::pipe();
    pipeline.cmd("CONFIG").arg(&["SET", "requirepass", password]).ignore();
    pipeline.exec_async(redis).await.unwrap();
}

async fn holding_ada(address: &str) -> (RedisStore, User) {
    let store = RedisStore::open(address).await.unwrap();
    let ada = user("ada@example.com");
    commit(&store, inserting(&ada)).await;
    (store, ada)
}

/// Asks until all tries to connect have come to nothing, and the server's words for that are the answer.
async fn is_refused(store: &RedisStore, words: &str) {
    let refused = async {
        loop {
            let Err(fault) = store.ping().await else { continue };
            assert_eq!(fault.kind(), FaultKind::Unavailable, "{fault}");
            if fault.to_string().contains(words) {
                break;
            }
        }
    };
    timeout(BOUND, refused).await.expect("it is said why");
    assert_unavailable(store.commit(inserting(&user("eve@example.com"))).await);
    assert_unavailable(store.ping().await);
}

#[test]
fn a_server_that_took_no_password_for_a_while_is_used_again_afterwards() {
    run(async {
        for number in ["", "/3"] {
            let server = Redis::start().unwrap();
            let (store, ada) = holding_ada(&format!("{}{number}", server.url())).await;
            let mut redis = raw(server.url()).await;
            require_password(&mut redis, "s3cr3t").await;
            killing().exec_async(&mut redis).await.unwrap();
            is_refused(&store, "NOAUTH").await;
            require_password(&mut redis, "").await;
            recovers(&store, &ada).await;
        }
    });
}

#[test]
fn a_server_whose_password_was_another_one_for_a_while_is_used_again_afterwards() {
    run(async {
        let server = Redis::start().unwrap();
        let mut redis = raw(server.url()).await;
        require_password(&mut redis, "s3cr3t").await;
        let address = format!("redis://:s3cr3t@127.0.0.1:{}/3", server.port());
        let (store, ada) = holding_ada(&address).await;
        require_password(&mut redis, "other").await;
        killing().exec_async(&mut redis).await.unwrap();
        is_refused(&store, "WRONGPASS").await;
        require_password(&mut redis, "s3cr3t").await;
        recovers(&store, &ada).await;
    });
}

/// Whoever connects meanwhile is not even let choose a numbered database.
#[test]
fn a_server_that_was_busy_with_a_script_when_the_connection_was_lost_is_used_again_afterwards() {
    run(async {
        for number in ["", "/3"] {
            let server = Redis::start().unwrap();
            let (store, ada) = holding_ada(&format!("{}{number}", server.url())).await;
            let mut redis = raw(server.url()).await;
            let settings = ["SET", "busy-reply-threshold", "10"];
            let () = redis::cmd("CONFIG").arg(&settings).exec_async(&mut redis).await.unwrap();
            let endless = tokio::spawn(async move {
                let mut kill_and_run = killing();
                kill_and_run.cmd("EVAL").arg("while true do end").arg(0);
                let _ = kill_and_run.exec_async(&mut redis).await;
            });
            is_refused(&store, "busy").await;
            let mut redis = raw(server.url()).await;
            let () = redis::cmd("SCRIPT").arg("KILL").exec_async(&mut redis).await.unwrap();
            endless.await.unwrap();
            recovers(&store, &ada).await;
        }
    });
}

#[test]
fn a_cluster_that_took_no_password_for_a_while_is_used_again_afterwards() {
    run(async {
        let cluster = RedisCluster::start().unwrap();
        let (store, ada) = holding_ada(&as_cluster(cluster.url())).await;
        let mut nodes = Vec::new();
        for node in cluster.nodes() {
            nodes.push(raw(node.url()).await);
        }
        for redis in &mut nodes {
            require_password(redis, "s3cr3t").await;
            killing().exec_async(redis).await.unwrap();
        }
        for _ in 0..3 {
            assert_unavailable(timeout(BOUND, is_there(&store, &ada)).await.unwrap());
        }
        for redis in &mut nodes {
            require_password(redis, "").await;
        }
        recovers(&store, &ada).await;
    });
}

#[test]
fn a_thousand_refusals_at_once_do_not_make_a_thousand_connections() {
    run(async {
        let server = Redis::start().unwrap();
        let (store, ada) = holding_ada(server.url()).await;
        let mut redis = raw(server.url()).await;
        // Every command is refused, over connections that are made as always.
        let mut settings = redis::cmd("ACL");
        settings.arg(&["SETUSER", "default", "-exists", "-get"]);
        let (before, begun) = (connections(&mut redis).await, Instant::now());
        let () = settings.exec_async(&mut redis).await.unwrap();
        let ask = async |_| {
            let mut faults: Vec<Fault> = Vec::new();
            for _ in 0..5 {
                faults.extend(store.ping().await.err());
                sleep(Duration::from_millis(1)).await;
            }
            faults.len()
        };
        let faults: usize = join_all((0..1000).map(ask)).await.into_iter().sum();
        assert_eq!(faults, 5000);
        let made = connections(&mut redis).await - before;
        // Five in a second, however many are refused; the first at once, and one may be under way at the end.
        let most = begun.elapsed().as_millis() / 200 + 3;
        assert!(u128::from(made) <= most, "{made} connections, and not {most}");
        let mut settings = redis::cmd("ACL");
        settings.arg(&["SETUSER", "default", "+@all"]);
        let () = settings.exec_async(&mut redis).await.unwrap();
        recovers(&store, &ada).await;
    });
}

/// How many connections the server has had.
async fn connections(redis: &mut MultiplexedConnection) -> u64 {
    let info: String = redis::cmd("INFO").arg("stats").query_async(redis).await.unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("total_connections_received:"));
    line.unwrap().parse().unwrap()
}
