use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::port::Port;
use crate::redis::{ask, start};
use crate::variables::{self, Shared};
use crate::{Error, Options, Server};

static SHARED: Shared<RedisCluster> = Shared::new();

const JOIN_LIMIT: Duration = Duration::from_secs(30);

/// Which hash slots each of the three masters has.
const SLOTS: [&str; 3] = ["0 5460", "5461 10922", "10923 16383"];

/// A Redis Cluster of three masters, without replicas. It takes two seconds to start, which is Redis' own delay.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Server>,
    url: String,
}

impl RedisCluster {
    /// Starts one with [`Options::throwaway`].
    ///
    /// # Errors
    /// When Redis is not installed, or does not start.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&Options::throwaway())
    }

    /// Starts one.
    ///
    /// # Errors
    /// When Redis is not installed, or the nodes do not come together.
    pub fn start_with(options: &Options) -> Result<Self, Error> {
        let nodes: Vec<Server> =
            SLOTS.iter().map(|_| node(options)).collect::<Result<_, Error>>()?;
        let urls: Vec<&str> = nodes.iter().map(Server::url).collect();
        let cluster = Self { url: urls.join(","), nodes };
        cluster.introduce()?;
        cluster.wait_until_ready()?;
        Ok(cluster)
    }

    /// The URLs of the nodes in [`variables::REDIS_CLUSTER`], or of a cluster that lives as long as this process;
    /// separated by commas.
    ///
    /// # Errors
    /// When none is named and none can be started.
    pub fn shared() -> Result<&'static str, Error> {
        variables::shared(&SHARED, variables::REDIS_CLUSTER, || {
            Self::start().map(|cluster| (cluster.url.clone(), cluster))
        })
    }

    /// The URLs of the nodes, separated by commas.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The masters, each of which can be killed, restarted and paused. The first has the lowest third of the slots.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// Waits until every node sees all three, and all slots served: after a node was killed or paused, the others
    /// take a moment to see it.
    ///
    /// # Errors
    /// When that takes longer than half a minute.
    pub fn wait_until_ready(&self) -> Result<(), Error> {
        let limit = Instant::now() + JOIN_LIMIT;
        while !self.nodes.iter().all(sees_all) {
            if Instant::now() > limit {
                let logs: Vec<String> = self.nodes.iter().map(Server::log).collect();
                return Err(Error::failed("the nodes do not come together", logs.join("\n")));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn introduce(&self) -> Result<(), Error> {
        for (number, (node, slots)) in self.nodes.iter().zip(SLOTS).enumerate() {
            order(node, &format!("CLUSTER ADDSLOTSRANGE {slots}"))?;
            // Distinct from the start, or the nodes have to settle it.
            order(node, &format!("CLUSTER SET-CONFIG-EPOCH {}", number + 1))?;
        }
        let Some((first, others)) = self.nodes.split_first() else {
            return Ok(());
        };
        others.iter().try_for_each(|node| {
            let (port, bus) = (node.port(), node.bus_port());
            order(first, &format!("CLUSTER MEET 127.0.0.1 {port} {bus}"))
        })
    }
}

fn node(options: &Options) -> Result<Server, Error> {
    let (port, bus) = (Port::free()?, Port::free()?);
    let cluster = [
        "--cluster-enabled",
        "yes",
        "--cluster-config-file",
        "nodes.conf",
        "--cluster-node-timeout",
        "500",
        "--cluster-port",
        &bus.number().to_string(),
    ];
    start(vec![port, bus], options, &cluster.map(String::from))
}

fn order(node: &Server, command: &str) -> Result<(), Error> {
    match ask(node.port(), command) {
        Some(answer) if answer == "+OK" => Ok(()),
        answer => Err(Error::failed(command, answer.unwrap_or_default())),
    }
}

fn sees_all(node: &Server) -> bool {
    let info = ask(node.port(), "CLUSTER INFO").unwrap_or_default();
    let has = |line| info.lines().any(|known| known == line);
    has("cluster_state:ok") && has("cluster_size:3") && has("cluster_slots_ok:16384")
}
