use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::port::Port;
use crate::redis::{ask, is_in_step, order, start};
use crate::variables::{self, Shared};
use crate::{Error, Options, Server};

static SHARED: Shared<RedisCluster> = Shared::new();

const JOIN_LIMIT: Duration = Duration::from_secs(30);

/// Which hash slots each of the three masters has.
const SLOTS: [&str; 3] = ["0 5460", "5461 10922", "10923 16383"];

/// A Redis Cluster of three masters, without replicas or with one each. It takes two seconds to start, which is Redis'
/// own delay.
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
        Self::of(options, SLOTS.len())
    }

    /// Starts one whose masters have one replica each: when a master is killed, the others see it gone after half a
    /// second and vote its replica in its place.
    ///
    /// # Errors
    /// When Redis is not installed, or the nodes do not come together.
    pub fn start_with_replicas(options: &Options) -> Result<Self, Error> {
        Self::of(options, 2 * SLOTS.len())
    }

    /// So many nodes, of which the first are masters.
    fn of(options: &Options, count: usize) -> Result<Self, Error> {
        let nodes: Vec<Server> = (0..count).map(|_| node(options)).collect::<Result<_, Error>>()?;
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

    /// The nodes, each of which can be killed, restarted and paused: first the masters, of which the first has the lowest
    /// third of the slots, then their replicas in the same order.
    pub fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// Waits until every node sees all of them, and all slots served, and all replicas have what their masters have:
    /// after a node was killed or paused, the others take a moment to see it.
    ///
    /// # Errors
    /// When that takes longer than half a minute.
    pub fn wait_until_ready(&self) -> Result<(), Error> {
        wait_until("the nodes do not come together", &self.nodes, || self.is_ready())
    }

    /// Starts a node that becomes one more replica of a master, and returns when it has what that has.
    ///
    /// # Errors
    /// When it does not start, or does not come that far.
    pub fn add_replica(&self, options: &Options, master: &Server) -> Result<Server, Error> {
        let replica = node(options)?;
        meet(master, &replica)?;
        replicate(&replica, master)?;
        let what = "the new replica does not follow";
        wait_until(what, [&replica, master], || {
            is_in_step(&replica) && says(&replica, &["cluster_state:ok"])
        })?;
        Ok(replica)
    }

    fn is_ready(&self) -> bool {
        let replicas = self.nodes.iter().filter(|node| is_in_step(node)).count();
        replicas + SLOTS.len() == self.nodes.len()
            && self.nodes.iter().all(|node| sees_all(node, self.nodes.len()))
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
        others.iter().try_for_each(|node| meet(first, node))?;
        let (masters, replicas) = self.nodes.split_at(SLOTS.len().min(self.nodes.len()));
        masters.iter().zip(replicas).try_for_each(|(master, replica)| replicate(replica, master))
    }
}

/// Makes a node known to one that knows all others.
fn meet(known: &Server, node: &Server) -> Result<(), Error> {
    let (port, bus) = (node.port(), node.bus_port());
    order(known, &format!("CLUSTER MEET 127.0.0.1 {port} {bus}"))
}

/// Makes a node the replica of another one, as soon as it has heard of that.
fn replicate(replica: &Server, master: &Server) -> Result<(), Error> {
    let id = ask(master.port(), "CLUSTER MYID").unwrap_or_default();
    let replicates = || order(replica, &format!("CLUSTER REPLICATE {id}")).is_ok();
    wait_until("a replica does not hear of its master", [replica, master], replicates)
}

fn wait_until<'a>(
    what: &str,
    nodes: impl IntoIterator<Item = &'a Server>,
    condition: impl Fn() -> bool,
) -> Result<(), Error> {
    let limit = Instant::now() + JOIN_LIMIT;
    while !condition() {
        if Instant::now() > limit {
            let logs: Vec<String> = nodes.into_iter().map(Server::log).collect();
            return Err(Error::failed(what, logs.join("\n")));
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
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

fn sees_all(node: &Server, count: usize) -> bool {
    let known = format!("cluster_known_nodes:{count}");
    says(node, &["cluster_state:ok", "cluster_size:3", "cluster_slots_ok:16384", &known])
}

fn says(node: &Server, lines: &[&str]) -> bool {
    let info = ask(node.port(), "CLUSTER INFO").unwrap_or_default();
    lines.iter().all(|line| info.lines().any(|said| said == *line))
}
