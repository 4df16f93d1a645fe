//! A cluster whose nodes go, stop and hand slots over to each other.

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use testudo_driver::Store;
use testudo_redis::RedisOptions;
use testudo_test_servers::{Options, RedisCluster, Server};
use tokio::time::timeout;

use crate::faults::{assert_unavailable, is_there, recovers};
use crate::fixtures::{commit, inserting, user};
use crate::support::{BOUND, as_cluster, raw, run};

#[test]
fn while_a_node_is_away_its_records_are_a_fault_and_then_there_again() {
    run(async {
        let cluster = RedisCluster::start_with(&Options::durable()).unwrap();
        let options = RedisOptions::new().prefix("here");
        let store = options.open(&as_cluster(cluster.url())).await.unwrap();
        let ada = user("ada@example.com");
        commit(&store, inserting(&ada)).await;
        let (node, _) = owner_and_other(&cluster, "{here:0}").await;

        node.kill_9().unwrap();
        for _ in 0..3 {
            assert_unavailable(timeout(BOUND, is_there(&store, &ada)).await.unwrap());
            let bob = inserting(&user("bob@example.com"));
            assert_unavailable(timeout(BOUND, store.commit(bob)).await.unwrap());
        }
        node.restart().unwrap();
        recovers(&store, &ada).await;

        node.pause();
        assert_unavailable(timeout(BOUND, is_there(&store, &ada)).await.unwrap());
        assert_unavailable(
            timeout(BOUND, store.commit(inserting(&user("eve@example.com")))).await.unwrap(),
        );
        node.resume();
        recovers(&store, &ada).await;
    });
}

#[test]
fn records_are_found_while_their_slot_moves_and_afterwards() {
    run(async {
        let cluster = RedisCluster::start().unwrap();
        let options = RedisOptions::new().prefix("here");
        let store = options.open(&as_cluster(cluster.url())).await.unwrap();
        let ada = user("ada@example.com");
        commit(&store, inserting(&ada)).await;
        let (from, to) = owner_and_other(&cluster, "{here:0}").await;
        let (mut source, mut target) = (raw(from.url()).await, raw(to.url()).await);
        let slot = slot_of(&mut source, "{here:0}").await;
        let (from_id, to_id) = (id_of(&mut source).await, id_of(&mut target).await);
        set_slot(&mut target, slot, "IMPORTING", &from_id).await;
        set_slot(&mut source, slot, "MIGRATING", &to_id).await;

        // All that there is has moved, and the slot is still the first node's, which says to ask the other.
        let keys: Vec<String> = redis::cmd("CLUSTER")
            .arg("GETKEYSINSLOT")
            .arg(slot)
            .arg(1000)
            .query_async(&mut source)
            .await
            .unwrap();
        let mut migrate = redis::cmd("MIGRATE");
        migrate.arg("127.0.0.1").arg(to.port()).arg("").arg(0).arg(5000).arg("KEYS").arg(&keys);
        migrate.exec_async(&mut source).await.unwrap();
        assert!(is_there(&store, &ada).await.unwrap());
        // A key that is on neither node may still be on the first: Redis answers no command on several then.
        assert_unavailable(store.commit(inserting(&user("bob@example.com"))).await);

        for redis in [&mut target, &mut source] {
            set_slot(redis, slot, "NODE", &to_id).await;
        }
        recovers(&store, &ada).await;
        let there: bool = target.exists("{here:0}:users").await.unwrap();
        assert!(there);
    });
}

/// The node that has the slot of a hash tag, and another one.
pub(crate) async fn owner_and_other<'a>(
    cluster: &'a RedisCluster,
    tag: &str,
) -> (&'a Server, &'a Server) {
    let mut owner = None;
    let mut other = None;
    for node in cluster.nodes() {
        let mut redis = raw(node.url()).await;
        match redis.exists::<_, bool>(format!("{tag}:layout")).await {
            Ok(true) => owner = Some(node),
            _ => other = Some(node),
        }
    }
    (owner.expect("a node that has it"), other.expect("a node that has it not"))
}

async fn slot_of(redis: &mut MultiplexedConnection, key: &str) -> u16 {
    redis::cmd("CLUSTER").arg("KEYSLOT").arg(key).query_async(redis).await.unwrap()
}

async fn id_of(redis: &mut MultiplexedConnection) -> String {
    redis::cmd("CLUSTER").arg("MYID").query_async(redis).await.unwrap()
}

async fn set_slot(redis: &mut MultiplexedConnection, slot: u16, state: &str, node: &str) {
    let mut set = redis::cmd("CLUSTER");
    set.arg("SETSLOT").arg(slot).arg(state).arg(node).exec_async(redis).await.unwrap();
}
