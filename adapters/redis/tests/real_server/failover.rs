//! A replica takes over for good: what was acknowledged is there if it was waited for, and what may be lost otherwise is
//! what docs/redis.md says. The store that was open goes on.

mod load;
mod lost;

use std::time::Duration;

use testudo_driver::Store;
use testudo_redis::{RedisOptions, RedisStore};
use testudo_test_servers::proxy::Proxy;
use testudo_test_servers::{Options, Redis, RedisCluster};
use tokio::time::{sleep, timeout};

use self::load::Load;
use crate::faults::assert_unavailable;
use crate::fixtures::{inserting, user};
use crate::moving::owner_and_other;
use crate::support::{BOUND, address_of, as_cluster, run};

/// Those who wait for one replica.
fn waiting() -> RedisOptions {
    RedisOptions::new().prefix("here").wait_for_replicas(1, Duration::from_secs(1))
}

fn url_of(proxy: &Proxy) -> String {
    format!("redis://{}", proxy.address())
}

#[test]
fn a_master_of_a_cluster_is_killed_and_what_its_replica_acknowledged_is_there() {
    cluster_loses_a_master(1);
}

/// What is in several buckets is acknowledged when each of them has been.
#[test]
fn a_master_of_a_cluster_with_many_buckets_is_killed_and_what_was_acknowledged_is_there() {
    cluster_loses_a_master(64);
}

fn cluster_loses_a_master(buckets: u32) {
    run(async {
        let cluster = RedisCluster::start_with_replicas(&Options::throwaway()).unwrap();
        let options = waiting().buckets(buckets);
        let store = options.open(&as_cluster(cluster.url())).await.unwrap();
        let load = Load::on(&store);
        load.goes_on(300).await;

        let (master, _) = owner_and_other(&cluster, "{here:0}").await;
        let place = cluster.nodes().iter().position(|node| node.port() == master.port()).unwrap();
        let successor = cluster.nodes().get(place + 3).unwrap();
        master.kill_9().unwrap();
        load.is_read_again().await;
        lacks_a_replica(&store).await;

        let _added = cluster.add_replica(&Options::throwaway(), successor).unwrap();
        load.goes_on(300).await;
        load.has_lost_nothing().await;
    });
}

#[test]
fn a_server_is_killed_and_what_its_replica_acknowledged_is_there_when_it_has_been_promoted() {
    run(async {
        let [master, replica, spare] = [(); 3].map(|()| Redis::start().unwrap());
        let [proxy, copies] = [(); 2].map(|()| Proxy::to(address_of(&master)).unwrap());
        replica.follow(copies.address().port()).unwrap();
        let store = waiting().open(&url_of(&proxy)).await.unwrap();
        let load = Load::on(&store);
        load.goes_on(300).await;

        // The last that it does is for itself alone: nobody may hear that it was done.
        copies.freeze();
        sleep(Duration::from_millis(200)).await;
        master.kill_9().unwrap();
        assert_unavailable(timeout(BOUND, store.ping()).await.unwrap());
        // Too early: it answers, and takes no writes yet.
        proxy.lead_to(address_of(&replica));
        load.is_read_again().await;
        let refused = timeout(BOUND, store.commit(inserting(&user("eve@example.com")))).await;
        let fault = refused.unwrap().expect_err("a replica takes no writes");
        assert!(fault.to_string().contains("READONLY"), "{fault}");
        assert_unavailable::<()>(Err(fault));

        replica.promote().unwrap();
        lacks_a_replica(&store).await;
        spare.follow(replica.port()).unwrap();
        load.goes_on(300).await;
        load.has_lost_nothing().await;
    });
}

/// Who took over has no replica of its own yet: no commit counts, and reads go on.
async fn lacks_a_replica(store: &RedisStore) {
    let is_said = async {
        for number in 0.. {
            let lonely = user(&format!("lonely{number}@example.com"));
            let fault = store.commit(inserting(&lonely)).await.expect_err("no replica has it");
            let text = fault.to_string();
            assert_unavailable::<()>(Err(fault));
            if text.contains("replicas") {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BOUND, is_said).await.expect("a fault that says what is missing");
    store.ping().await.unwrap();
}
