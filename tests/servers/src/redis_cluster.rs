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
        Self::of(SLOTS.len(), || node(options, PATIENT, false))
    }

    /// Starts one whose nodes talk to each other over TLS, and to clients at [`RedisCluster::tls_url`] as well. The
    /// certificates are among the options: `--tls-cert-file`, `--tls-key-file` and `--tls-ca-cert-file`.
    ///
    /// # Errors
    /// When Redis is not installed, or the nodes do not come together.
    pub fn start_with_tls(options: &Options) -> Result<Self, Error> {
        Self::of(SLOTS.len(), || node(options, PATIENT, true))
    }

    /// Starts one whose masters have one replica each: when a master is killed, the others see it gone after half a
    /// second and vote its replica in its place.
    ///
    /// # Errors
    /// When Redis is not installed, or the nodes do not come together.
    pub fn start_with_replicas(options: &Options) -> Result<Self, Error> {
        Self::of(2 * SLOTS.len(), || node(options, IMPATIENT, false))
    }

    /// So many nodes, of which the first are masters.
    fn of(count: usize, node: impl Fn() -> Result<Server, Error>) -> Result<Self, Error> {
        let nodes: Vec<Server> = (0..count).map(|_| node()).collect::<Result<_, Error>>()?;
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

    /// The URLs of the nodes where they take TLS, separated by commas.
    pub fn tls_url(&self) -> String {
        let url = |node: &Server| format!("rediss://127.0.0.1:{}", node.tls_port());
        self.nodes.iter().map(url).collect::<Vec<_>>().join(",")
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
        let replica = node(options, IMPATIENT, false)?;
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

/// Without answers for so many milliseconds, a node is gone to the others.
const PATIENT: &str = "5000";
/// As [`PATIENT`], where a replica is to take over soon. On a busy machine a node that is there may be silent for as long.
const IMPATIENT: &str = "500";

fn node(options: &Options, timeout: &str, takes_tls: bool) -> Result<Server, Error> {
    let (port, bus) = (Port::free()?, Port::free()?);
    let mut cluster = [
        "--cluster-enabled",
        "yes",
        "--cluster-config-file",
        "nodes.conf",
        "--cluster-node-timeout",
        timeout,
        "--cluster-port",
        &bus.number().to_string(),
    ]
    .map(String::from)
    .to_vec();
    let mut ports = vec![port, bus];
    if takes_tls {
        let tls = Port::free()?;
        cluster.extend(["--tls-cluster", "yes", "--tls-auth-clients", "no"].map(String::from));
        cluster.extend(["--tls-port".to_owned(), tls.number().to_string()]);
        ports.push(tls);
    }
    start(ports, options, &cluster)
}

fn sees_all(node: &Server, count: usize) -> bool {
    let known = format!("cluster_known_nodes:{count}");
    says(node, &["cluster_state:ok", "cluster_size:3", "cluster_slots_ok:16384", &known])
}

fn says(node: &Server, lines: &[&str]) -> bool {
    let info = ask(node.port(), "CLUSTER INFO").unwrap_or_default();
    lines.iter().all(|line| info.lines().any(|said| said == *line))
}
