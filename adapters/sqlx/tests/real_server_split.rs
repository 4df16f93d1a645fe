//! Users in a database and what changes fast in Redis, as they are deployed, against the suite of all stores.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use testudo::command::Part;
use testudo_driver::{Split, conformance_tests};
use testudo_redis::{RedisOptions, RedisStore};
use testudo_sqlx::{MySqlStore, PostgresStore};
use testudo_test_servers::{MariaDb, Postgres, Redis, RedisCluster, unique_name};

const FAST: [Part; 3] = [Part::Sessions, Part::Counters, Part::Onboarding];

/// One node, one Redis.
mod postgres_and_redis {
    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Split)) {
        run(async {
            let url = own_tables(Postgres::shared().expect("a Postgres server"));
            let users = PostgresStore::open(&url).await.expect("a store");
            let address = Redis::shared().expect("a Redis server");
            let fast = redis(address, &unique_name(), 1).await;
            test(Split::new(users.clone()).place(FAST, fast)).await;
            users.close().await;
        });
    }

    conformance_tests!(on_fresh_records, over_several_stores);
}

/// Two nodes, and a cluster that everything fast is spread over.
mod mariadb_and_redis_cluster_from_two_nodes {
    use testudo_driver::conformance::Nodes;

    use super::*;

    fn on_fresh_records(test: impl AsyncFnOnce(Nodes<Split>)) {
        run(async {
            let url = own_tables(MariaDb::shared().expect("a MariaDB server"));
            let nodes = RedisCluster::shared().expect("a Redis Cluster").replace("redis://", "");
            let (address, prefix) = (format!("redis-cluster://{nodes}"), unique_name());
            let open = async || {
                let users = MySqlStore::open(&url).await.expect("a store");
                let fast = redis(&address, &prefix, 64).await;
                (Split::new(users.clone()).place(FAST, fast), users)
            };
            let ((one, users), (other, same_users)) = (open().await, open().await);
            test(Nodes::new(one, [other])).await;
            users.close().await;
            same_users.close().await;
        });
    }

    conformance_tests!(on_fresh_records, over_several_buckets);
}

/// In the database that the server has, as to make one for each test takes most of the time.
fn own_tables(url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}prefix={}", unique_name())
}

async fn redis(address: &str, prefix: &str, buckets: u32) -> RedisStore {
    let options = RedisOptions::new().prefix(prefix).buckets(buckets);
    options.open(address).await.expect("a store")
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(test);
}
