//! The connection: one server or a cluster, made again when it is lost.
//!
//! * **Every wait is bounded**, by [`LONGEST_WAIT`] in all; and so is everything that one command sends together, over a
//!   link that is [for one command](Link::for_one_command).
//! * **A write is sent once.** If its connection breaks after that, or no answer comes, nobody knows whether it
//!   was done: that is a fault, and never tried again here. It is sent again only if the server said that it
//!   did nothing. So the client of the cluster, which would, is told to try nothing again.
//! * **A read is tried once more** when its connection breaks.
//! * A connection without an answer in time is replaced: it may lead nowhere, and TCP would find out in minutes. So is
//!   one whose server refuses: the client keeps what it was told when it connected, and asks no more.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, SingleNodeRoutingInfo, SlotAddr};
use redis::{Client, Cmd, Pipeline, RedisError, RedisResult, Value, from_redis_value};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::fault::{Failed, Unanswered};
use crate::retry::{Next, after};

/// The longest that anything is waited for, tries and pauses included.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(4);

/// How long one answer is waited for.
pub(crate) const ANSWER: Duration = Duration::from_secs(2);

/// How long making a connection may take.
pub(crate) const CONNECT: Duration = Duration::from_secs(2);

/// How long a connection is kept at least, whatever is said over it: many commands may fail over one, and each asks for
/// another.
const KEPT: Duration = Duration::from_millis(200);

/// What a command does, which decides whether it may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// It changes nothing.
    Read,
    /// It may.
    Write,
}

/// How many replicas have to have a write before it counts, and how long they are waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replication {
    pub(crate) replicas: u32,
    pub(crate) within: Duration,
}

/// What is connected to.
#[derive(Clone)]
pub(crate) enum Target {
    /// One server.
    Server(Box<Client>),
    /// A cluster.
    Cluster(Box<ClusterClient>),
}

/// A connection. Clones share it.
#[derive(Clone)]
pub(crate) struct Link {
    shared: Arc<Shared>,
    /// By when all that is sent is answered or given up, if it is for one command.
    deadline: Option<Instant>,
}

struct Shared {
    target: Target,
    current: RwLock<Connection>,
    is_being_replaced: AtomicBool,
}

/// The address may hold a password.
impl std::fmt::Debug for Link {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Link").finish_non_exhaustive()
    }
}

#[derive(Clone)]
enum Connection {
    Server(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects.
    pub(crate) async fn new(target: Target) -> Result<Self, Failed> {
        let connecting = timeout(LONGEST_WAIT, connect(&target)).await;
        let current = connecting.map_err(|_| Failed::Unanswered(Unanswered::InTime))??;
        let is_being_replaced = AtomicBool::new(false);
        let shared = Shared { target, current: RwLock::new(current), is_being_replaced };
        Ok(Self { shared: Arc::new(shared), deadline: None })
    }

    /// The same connection for all that one command sends from now on, however many calls that are.
    pub(crate) fn for_one_command(&self) -> Self {
        let deadline = Some(Instant::now() + LONGEST_WAIT);
        Self { shared: Arc::clone(&self.shared), deadline }
    }

    /// Another connection to the same.
    pub(crate) async fn another(&self) -> Result<Self, Failed> {
        Self::new(self.shared.target.clone()).await
    }

    /// This connection for a command that another link is for.
    pub(crate) fn in_the_time_of(&self, other: &Self) -> Self {
        Self { shared: Arc::clone(&self.shared), deadline: other.deadline }
    }

    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self.shared.target, Target::Cluster(_))
    }

    /// Sends a command.
    pub(crate) async fn run(&self, command: &Cmd, intent: Intent) -> Result<Value, Failed> {
        self.persist(&Order { command, replication: None }, intent).await
    }

    /// Sends a command that writes, and waits until enough replicas have it. Its keys say where it goes.
    pub(crate) async fn run_replicated(
        &self,
        command: &Cmd,
        keys: &[Vec<u8>],
        replication: Replication,
    ) -> Result<Value, Failed> {
        let key = keys.first().map_or(&[][..], Vec::as_slice);
        let order = Order { command, replication: Some((key, replication)) };
        let answers = self.persist(&order, Intent::Write).await?;
        let (answer, acknowledged): (Value, u32) =
            from_redis_value(answers).map_err(RedisError::from)?;
        if acknowledged < replication.replicas {
            return Err(Failed::Unanswered(Unanswered::ByReplicas));
        }
        Ok(answer)
    }

    /// Sends as often as it may be, within the time that there is.
    async fn persist(&self, order: &Order<'_>, intent: Intent) -> Result<Value, Failed> {
        let now = Instant::now();
        let latest = now + LONGEST_WAIT;
        let latest = self.deadline.map_or(latest, |deadline| deadline.min(latest));
        if latest <= now {
            // Other calls of the command took all the time that there was: this connection is no worse for that.
            return Err(Failed::Unanswered(Unanswered::InTime));
        }
        match timeout_at(latest, self.try_until_done(order, intent)).await {
            Ok(result) => result.map_err(Failed::from),
            Err(_) => {
                self.replace();
                Err(Failed::Unanswered(Unanswered::InTime))
            }
        }
    }

    async fn try_until_done(&self, order: &Order<'_>, intent: Intent) -> RedisResult<Value> {
        let (mut redirect, mut tried) = (None, 0);
        loop {
            let error = match order.send(self.current(), redirect.take()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match after(&error, intent, self.is_cluster(), tried) {
                Next::GiveUp => return Err(error),
                Next::GiveUpAndReplace => {
                    self.replace();
                    return Err(error);
                }
                Next::Again(pause) => sleep(pause).await,
                Next::ReplaceAndAgain(pause) => {
                    self.replace();
                    sleep(pause).await;
                }
                Next::Ask(node) => redirect = Some(node),
            }
            tried += 1;
        }
    }

    fn current(&self) -> Connection {
        self.shared.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes another connection, in the background. What waits on the present one goes on waiting.
    fn replace(&self) {
        if self.shared.is_being_replaced.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            if let Ok(Ok(fresh)) = timeout(LONGEST_WAIT, reconnect(&shared.target)).await {
                *shared.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
            }
            sleep(KEPT).await;
            shared.is_being_replaced.store(false, Ordering::Release);
        });
    }
}

/// A command, and whether replicas are to have it.
struct Order<'a> {
    command: &'a Cmd,
    /// A key that the command is about, and which acknowledgements are wanted: the answer is then a pair of the
    /// command's and how many there were.
    replication: Option<(&'a [u8], Replication)>,
}

impl Order<'_> {
    /// Sends it once: to a node that is about to take its keys over, if one is named.
    async fn send(
        &self,
        connection: Connection,
        redirect: Option<SingleNodeRoutingInfo>,
    ) -> RedisResult<Value> {
        if redirect.is_none() && self.replication.is_none() {
            return connection.send(self.command).await;
        }
        let mut pipeline = redis::pipe();
        if redirect.is_some() {
            pipeline.cmd("ASKING");
        }
        pipeline.add_command(self.command.clone());
        let mut key = &[][..];
        if let Some((about, Replication { replicas, within })) = self.replication {
            // In one go and so over one connection: `WAIT` is about what was written over its own.
            let millis = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
            pipeline.cmd("WAIT").arg(replicas).arg(millis);
            key = about;
        }
        let to = redirect.unwrap_or_else(|| master(key));
        let mut answers = connection.send_all(pipeline, to).await?;
        let last = answers.pop().unwrap_or(Value::Nil);
        if self.replication.is_none() {
            return last.extract_error();
        }
        let answer = answers.pop().unwrap_or(Value::Nil).extract_error()?;
        Ok(Value::Array(vec![answer, last.extract_error()?]))
    }
}

fn master(key: &[u8]) -> SingleNodeRoutingInfo {
    SingleNodeRoutingInfo::SpecificNode(Route::with_key(key, SlotAddr::Master))
}

impl Connection {
    async fn send(self, command: &Cmd) -> RedisResult<Value> {
        let answer = match self {
            Self::Server(mut server) => server.req_packed_command(command).await,
            Self::Cluster(mut cluster) => cluster.req_packed_command(command).await,
        };
        answer?.extract_error()
    }

    async fn send_all(
        self,
        pipeline: Pipeline,
        to: SingleNodeRoutingInfo,
    ) -> RedisResult<Vec<Value>> {
        let many = pipeline.cmd_iter().count();
        match self {
            Self::Server(mut server) => server.req_packed_commands(&pipeline, 0, many).await,
            Self::Cluster(mut cluster) => cluster.route_pipeline(pipeline, 0, many, to).await,
        }
    }
}

async fn connect(target: &Target) -> RedisResult<Connection> {
    match target {
        Target::Server(client) => {
            let manager =
                ConnectionManager::new_with_config(Client::clone(client), patience()).await;
            manager.map(Connection::Server)
        }
        Target::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
    }
}

/// As [`connect`], but a single server may be away: the next command waits for it.
async fn reconnect(target: &Target) -> RedisResult<Connection> {
    match target {
        Target::Server(client) => {
            let manager =
                ConnectionManager::new_lazy_with_config(Client::clone(client), patience());
            manager.map(Connection::Server)
        }
        Target::Cluster(_) => connect(target).await,
    }
}

/// How a lost connection is made again: a few tries at once for whoever waits, and then anew with the next
/// command.
fn patience() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_min_delay(Duration::from_millis(20))
        .set_max_delay(Duration::from_millis(500))
        .set_number_of_retries(4)
        .set_response_timeout(Some(ANSWER))
        .set_connection_timeout(Some(CONNECT))
        .set_pipeline_buffer_size(1024)
}
