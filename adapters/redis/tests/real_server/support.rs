//! Stores on servers that all tests share, each under a prefix of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use testudo_redis::{RedisOptions, RedisStore};
use testudo_test_servers::{Redis, RedisCluster, Server, unique_name};

/// Far longer than anything takes that comes in the end, as a busy machine may.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// The address of the one server.
pub(crate) fn server() -> &'static str {
    Redis::shared().expect("a Redis server")
}

/// The address of the cluster.
pub(crate) fn cluster() -> String {
    as_cluster(RedisCluster::shared().expect("a Redis Cluster"))
}

/// The address that a store takes, of a cluster whose nodes are named one by one.
pub(crate) fn as_cluster(urls: &str) -> String {
    format!("redis-cluster://{}", urls.replace("redis://", ""))
}

/// Where a server of one's own is.
pub(crate) fn address_of(server: &Server) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, server.port()))
}

/// A store without any record.
pub(crate) async fn fresh(address: &str, buckets: u32) -> RedisStore {
    open(address, &unique_name(), buckets).await
}

pub(crate) async fn open(address: &str, prefix: &str, buckets: u32) -> RedisStore {
    let options = RedisOptions::new().prefix(prefix).buckets(buckets);
    options.open(address).await.expect("a store")
}

/// Runs a test to its end.
pub(crate) fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(test);
}

/// A connection for the test itself.
pub(crate) async fn raw(address: &str) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(address).expect("an address");
    client.get_multiplexed_async_connection().await.expect("a connection")
}
