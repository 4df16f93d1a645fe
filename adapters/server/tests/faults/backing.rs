//! The servers that the binary stands on, which are killed and come back.

use std::net::SocketAddr;
use std::slice;
use std::thread;
use std::time::{Duration, Instant};

use testudo_test_servers::proxy::Proxy;
use testudo_test_servers::{Database, MariaDb, Options, Postgres, Redis, RedisCluster, Server};

/// A server, and the way to it.
pub(crate) struct Backing {
    pub(crate) name: &'static str,
    /// None where clients learn from the server itself where its nodes are.
    pub(crate) proxy: Option<Proxy>,
    pub(crate) url: String,
    /// Dropped while there is the server.
    _database: Option<Database>,
    pub(crate) server: Box<dyn Survivor>,
}

/// A server that is killed and comes back.
pub(crate) trait Survivor {
    /// All that can be killed.
    fn nodes(&self) -> &[Server];

    /// Whether it is carrying something out, perhaps for somebody who is there no more.
    fn is_busy(&self) -> bool;

    /// Waits until its nodes, if it has several, have found each other again.
    fn wait_until_together(&self) {}

    /// From now on some commits take their time, as on a disk that is busy: up to a second.
    fn be_slow(&self) {
        panic!("nobody knows how to slow this server down");
    }
}

impl Survivor for Postgres {
    fn nodes(&self) -> &[Server] {
        slice::from_ref(&**self)
    }

    fn is_busy(&self) -> bool {
        self.is_busy().unwrap()
    }

    fn be_slow(&self) {
        self.query(SLOW).unwrap();
        for table in ["users", "sessions", "onboarding_sessions"] {
            let trigger = format!(
                "CREATE CONSTRAINT TRIGGER slow AFTER INSERT OR UPDATE ON {table} \
                 DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()"
            );
            self.query(&trigger).unwrap();
        }
    }
}

/// Deferred, it is called by `COMMIT`.
const SLOW: &str = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
    IF random() < 0.15 THEN PERFORM pg_sleep(random()); END IF; RETURN NULL; END $$";

impl Survivor for MariaDb {
    fn nodes(&self) -> &[Server] {
        slice::from_ref(&**self)
    }

    fn is_busy(&self) -> bool {
        self.is_busy().unwrap()
    }
}

/// One command at a time, and no transactions.
impl Survivor for Redis {
    fn nodes(&self) -> &[Server] {
        slice::from_ref(&**self)
    }

    fn is_busy(&self) -> bool {
        false
    }
}

/// The same, on each of its nodes.
impl Survivor for RedisCluster {
    fn nodes(&self) -> &[Server] {
        self.nodes()
    }

    fn is_busy(&self) -> bool {
        false
    }

    fn wait_until_together(&self) {
        self.wait_until_ready().unwrap();
    }
}

impl Backing {
    pub(crate) fn postgres() -> Self {
        let server = Postgres::start_with(&Options::durable()).unwrap();
        let url = server.url().to_owned();
        Self::behind_proxy("postgres", Box::new(server), url, None)
    }

    pub(crate) fn mysql() -> Self {
        let server = MariaDb::start_with(&Options::durable()).unwrap();
        let database = Database::on_mysql(server.url()).unwrap();
        let url = database.url().to_owned();
        Self::behind_proxy("mysql", Box::new(server), url, Some(database))
    }

    pub(crate) fn redis() -> Self {
        let server = Redis::start_with(&Options::durable()).unwrap();
        let url = server.url().to_owned();
        Self::behind_proxy("redis", Box::new(server), url, None)
    }

    /// Three masters without replicas: one that is killed comes back with all that it had, and nothing that lacks
    /// something takes over meanwhile.
    pub(crate) fn redis_cluster() -> Self {
        let server = RedisCluster::start_with(&Options::durable()).unwrap();
        let nodes: Vec<String> =
            server.nodes().iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let url = format!("redis-cluster://{}", nodes.join(","));
        let server = Box::new(server);
        Self { name: "redis-cluster", proxy: None, url, _database: None, server }
    }

    /// Spread over so many slots, and so over all nodes: for what may be in part.
    pub(crate) fn in_buckets(mut self, buckets: u16) -> Self {
        self.url = format!("{}?buckets={buckets}", self.url);
        self
    }

    /// Waits until nothing is carried out there any more. What was asked for by somebody who was killed since may be
    /// done for a while yet, and nobody was told that it was not.
    pub(crate) fn wait_until_idle(&self) {
        let begun = Instant::now();
        while self.server.is_busy() {
            assert!(begun.elapsed() < Duration::from_secs(30), "a database that is busy for ever");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn behind_proxy(
        name: &'static str,
        server: Box<dyn Survivor>,
        url: String,
        database: Option<Database>,
    ) -> Self {
        let port = server.nodes()[0].port();
        let proxy = Proxy::to(SocketAddr::from(([127, 0, 0, 1], port))).unwrap();
        let url = url.replace(&format!(":{port}"), &format!(":{}", proxy.address().port()));
        Self { name, proxy: Some(proxy), url, _database: database, server }
    }
}
