//! A write is sent once: whatever becomes of its answer, it is done once or not at all, and is never in conflict with
//! itself.

use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use testudo::command::{Commit, CountAttempt, Write};
use testudo::model::AttemptVerdict;
use testudo_driver::Store;
use testudo_redis::RedisStore;
use testudo_test_servers::proxy::{Direction, Proxy};
use testudo_test_servers::{Redis, RedisCluster, Server};
use tokio::time::{sleep, timeout};

use crate::faults::assert_unavailable;
use crate::fixtures::{attempt, commit, inserting, user};
use crate::moving::owner_and_other;
use crate::support::{BOUND, address_of, as_cluster, raw, run};

/// As many bytes as the answer to a commit has.
const COMMITTED: u64 = b"$2\r\nok\r\n".len() as u64;

/// More than the answer to an attempt that is counted has.
const COUNTED: u64 = 60;

#[test]
fn whatever_is_lost_of_an_answer_of_a_server_its_write_is_done_once_or_not_at_all() {
    run(async {
        let server = Redis::start().unwrap();
        let proxy = Proxy::to(address_of(&server)).unwrap();
        let store = RedisStore::open(&format!("redis://{}", proxy.address())).await.unwrap();
        Lossy { store, redis: raw(server.url()).await, proxy }.holds().await;
    });
}

#[test]
fn whatever_is_lost_of_an_answer_of_a_cluster_its_write_is_done_once_or_not_at_all() {
    run(async {
        let cluster = RedisCluster::start().unwrap();
        let mut proxies = behind_proxies(&cluster).await;
        let urls: Vec<_> = proxies.iter().map(|it| format!("redis://{}", it.address())).collect();
        let store = RedisStore::open(&as_cluster(&urls.join(","))).await.unwrap();
        let (owner, _) = owner_and_other(&cluster, "{testudo:0}").await;
        let place = cluster.nodes().iter().position(|node| node.port() == owner.port()).unwrap();
        let proxy = proxies.swap_remove(place);
        Lossy { store, redis: raw(owner.url()).await, proxy }.holds().await;
    });
}

/// A store, the network on its way to where its records are, and a way around it.
struct Lossy {
    store: RedisStore,
    proxy: Proxy,
    redis: MultiplexedConnection,
}

impl Lossy {
    async fn holds(mut self) {
        // From then on the server knows the script: before, the lost answer would be that it does not.
        commit(&self.store, inserting(&user("first@example.com"))).await;
        self.a_commit_is_no_conflict_with_itself().await;
        self.an_attempt_is_given_back_once().await;
        self.an_attempt_is_counted_once().await;
    }

    /// It would be if it were sent again after it was done.
    async fn a_commit_is_no_conflict_with_itself(&mut self) {
        let mut lost = 0;
        for bytes in 0..=COMMITTED {
            let ada = user(&format!("{bytes}@example.com"));
            self.cut_off_after(bytes).await;
            let answer = self.store.commit(inserting(&ada)).await;
            let field = &ada.id.as_uuid().as_bytes()[..];
            let is_done: bool = self.redis.hexists("{testudo:0}:users", field).await.unwrap();
            match answer {
                Ok(applied) => {
                    applied.expect("nobody else inserted it");
                    assert!(is_done, "{bytes} bytes");
                }
                fault => {
                    assert_unavailable(fault);
                    lost += u32::from(is_done);
                }
            }
        }
        assert!(lost > 0, "no answer was lost");
    }

    /// A refund conflicts with nothing: it would be done twice.
    async fn an_attempt_is_given_back_once(&mut self) {
        let counting = counting();
        let AttemptVerdict::Allowed { window, .. } =
            self.store.count_attempt(counting.clone()).await.unwrap()
        else {
            unreachable!("many more are allowed")
        };
        let mut lost = 0;
        for bytes in 0..=COMMITTED {
            self.store.count_attempt(counting.clone()).await.unwrap();
            self.store.count_attempt(counting.clone()).await.unwrap();
            let before = self.counted(&counting).await;
            self.cut_off_after(bytes).await;
            let refund = Write::RefundAttempt { key: counting.key.clone(), window };
            let batch = Commit { writes: vec![refund], ..Commit::default() };
            let answer = self.store.commit(batch).await;
            self.is_connected().await;
            let given_back = before - self.counted(&counting).await;
            assert!(given_back <= 1, "{bytes} bytes: {given_back} were given back");
            match answer {
                Ok(applied) => {
                    applied.unwrap();
                    assert_eq!(given_back, 1, "{bytes} bytes");
                }
                fault => {
                    assert_unavailable(fault);
                    lost += given_back;
                }
            }
        }
        assert!(lost > 0, "no answer was lost");
    }

    async fn an_attempt_is_counted_once(&mut self) {
        let counting = counting();
        let mut lost = 0;
        for bytes in 0..=COUNTED {
            let before = self.counted(&counting).await;
            self.cut_off_after(bytes).await;
            let answer = self.store.count_attempt(counting.clone()).await;
            self.is_connected().await;
            let counted = self.counted(&counting).await - before;
            assert!(counted <= 1, "{bytes} bytes: it was counted {counted} times");
            match answer {
                Ok(verdict) => {
                    assert!(matches!(verdict, AttemptVerdict::Allowed { .. }), "{verdict:?}");
                    assert_eq!(counted, 1, "{bytes} bytes");
                }
                fault => {
                    assert_unavailable(fault);
                    lost += counted;
                }
            }
        }
        assert!(lost > 0, "no answer was lost");
    }

    /// Lets so many bytes of the next answer come through, and whatever is asked over another connection.
    async fn cut_off_after(&self, bytes: u64) {
        self.is_connected().await;
        self.proxy.cut_once_after(Direction::Answers, bytes);
    }

    async fn is_connected(&self) {
        self.proxy.heal();
        let connected = async {
            while self.store.ping().await.is_err() {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(BOUND, connected).await.expect("it connects anew");
    }

    async fn counted(&mut self, counting: &CountAttempt) -> u32 {
        let name = format!("{{testudo:0}}:counter:{}", counting.key.as_str());
        let counter: Option<String> = self.redis.get(name).await.unwrap();
        let counter = counter.unwrap_or_default();
        counter.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0)
    }
}

fn counting() -> CountAttempt {
    let mut counting = attempt(&user("ada@example.com"));
    (counting.limit.attempts, counting.limit.hard_stop) = (1000, None);
    counting
}

/// A network between each node and its clients: the nodes name the proxies, and go on talking to each other directly.
async fn behind_proxies(cluster: &RedisCluster) -> Vec<Proxy> {
    let proxy = |node: &Server| Proxy::to(address_of(node)).unwrap();
    let proxies: Vec<Proxy> = cluster.nodes().iter().map(proxy).collect();
    for (node, proxy) in cluster.nodes().iter().zip(&proxies) {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET").arg("cluster-announce-port").arg(proxy.address().port());
        set.exec_async(&mut raw(node.url()).await).await.unwrap();
    }
    let all_named = async {
        for node in cluster.nodes() {
            let mut redis = raw(node.url()).await;
            loop {
                let mut nodes = redis::cmd("CLUSTER");
                let text: String = nodes.arg("NODES").query_async(&mut redis).await.unwrap();
                let named = |proxy: &Proxy| text.contains(&format!(":{}@", proxy.address().port()));
                if proxies.iter().all(named) {
                    break;
                }
                sleep(Duration::from_millis(20)).await;
            }
        }
    };
    timeout(BOUND, all_named).await.expect("every node hears of every proxy");
    proxies
}
