//! The connections of a store: a bounded number of them, used again, and looked at when they were idle.
//!
//! It is not sqlx's own pool, for two reasons. That one asks the server after every command whether the connection
//! lives, which doubles the round trips; and it waits for the answer without a limit, so that a server that falls
//! silent takes connections away for good, until none is left (<https://github.com/launchbadge/sqlx/issues/4349>).
//! Here a connection is trusted as long as it does its work.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool::managed::{
    self, Manager, Metrics, PoolError, QueueMode, RecycleError, RecycleResult, WeakPool,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Error, SqlSafeStr};
use testudo_driver::Fault;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::{Answer, Failure, Held, Options, Retries, Server};
use crate::sql::{Link, Sql, Value};

/// A connection that was taken so recently is expected to be alive. Where it is not, a look-up, or what begins a
/// transaction, goes to another one.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long a connection may take to say that it is alive, or good-bye.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that nobody has needed for so long is closed.
const MAX_IDLE: Duration = Duration::from_secs(10 * 60);

/// A connection is closed, and made anew, after this time: the name of a server may lead to another one then.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);

/// How often idle connections are looked through.
const ROUNDS: Duration = Duration::from_secs(60);

/// The most connections that a pool has, whatever it is told.
pub(crate) const MOST_CONNECTIONS: u32 = 10_000;

/// How many connections that turn out to have ended a command puts up with.
pub(super) const FRESH_CONNECTIONS: u32 = 3;

/// Connections to one server. A clone shares them.
pub(crate) struct Pool<DB: Server> {
    connections: managed::Pool<Connecting<DB>>,
    patience: Duration,
}

/// Look-ups that write: nobody knows what became of one whose connection ends, so it is not sent again.
pub(crate) struct Writing<'a, DB: Server>(pub(crate) &'a Pool<DB>);

/// How connections are made.
pub(super) struct Connecting<DB: Server> {
    options: Options<DB>,
    /// What every connection begins with.
    session: Arc<str>,
    /// Told when a connection has gone for good.
    gone: Notify,
    begun: Instant,
    /// Nanoseconds from then on: connections from before are of no more use.
    distrusted: AtomicU64,
}

impl<DB: Server> Pool<DB> {
    /// Connections that are made when they are needed, at most so many. A command waits for one as long as for an
    /// answer. It must be called within a tokio runtime.
    pub(crate) fn new(
        options: Options<DB>,
        session: &str,
        connections: u32,
        patience: Duration,
    ) -> Result<Self, Error> {
        let connecting = Connecting {
            options,
            session: session.into(),
            gone: Notify::new(),
            begun: Instant::now(),
            distrusted: AtomicU64::new(0),
        };
        let connections = connections.clamp(1, MOST_CONNECTIONS);
        let connections = managed::Pool::builder(connecting)
            .max_size(usize::try_from(connections).unwrap_or(1))
            // Those on top stay warm, on the server too, and those below grow idle enough to be closed.
            .queue_mode(QueueMode::Lifo)
            .build()
            .map_err(|error| Error::Configuration(error.into()))?;
        tokio::spawn(close_idle(connections.weak()));
        Ok(Self { connections, patience })
    }

    /// A connection, as soon as there is one.
    pub(crate) async fn take(&self) -> Result<Held<DB>, Failure> {
        let error = match timeout(self.patience, self.connections.get()).await {
            Ok(Ok(connection)) => return Ok(Held::new(connection, self.patience)),
            Ok(Err(PoolError::Backend(error))) => error,
            Ok(Err(PoolError::Closed)) => Error::PoolClosed,
            Ok(Err(_)) | Err(_) => Error::PoolTimedOut,
        };
        Err(DB::failure(error))
    }

    /// A connection like all others which is none of the pool's.
    #[cfg(test)]
    pub(crate) async fn apart(&self) -> DB::Connection {
        self.connections.manager().create().await.unwrap()
    }

    /// The same connections for somebody who waits for so long.
    #[cfg(test)]
    pub(crate) fn for_whom_waits(&self, patience: Duration) -> Self {
        Self { connections: self.connections.clone(), patience }
    }

    /// How many wait for a connection.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.connections.status().waiting
    }

    /// How many connections there are.
    pub(crate) fn size(&self) -> usize {
        self.connections.status().size
    }

    /// Waits for those who have a connection, and closes all. Nobody gets one from now on.
    pub(crate) async fn close(&self) {
        let idle = self.connections.retain(|_, _| false).removed;
        self.connections.close();
        say_good_bye::<DB>(idle).await;
        loop {
            let gone = self.connections.manager().gone.notified();
            if self.size() == 0 {
                return;
            }
            gone.await;
        }
    }

    /// Carries out a statement that is a transaction of its own; how many rows it changed, or found to change.
    pub(crate) async fn execute(&self, sql: &Sql, values: &[Value<'_>]) -> Result<u64, Fault> {
        let mut retries = Retries::new();
        loop {
            match self.take().await?.execute(sql, values).await {
                Err(failure) => retries.after(failure).await?,
                Ok(changed) => return Ok(changed),
            }
        }
    }

    /// Carries out a batch that is one statement; whether it was applied. It was not if there would have been a
    /// second record of a key.
    pub(crate) async fn applies(&self, sql: &Sql, values: &[Value<'_>]) -> Result<bool, Fault> {
        let mut retries = Retries::new();
        loop {
            match self.take().await?.execute(sql, values).await {
                Err(failure) if failure.is_taken() => return Ok(false),
                Err(failure) => retries.after(failure).await?,
                Ok(changed) => return Ok(changed > 0),
            }
        }
    }
}

/// Statements that change nothing.
impl<DB: Server> Link for Pool<DB> {
    type Row = DB::Row;

    async fn row(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Option<DB::Row>, Fault> {
        self.look_up(|connection| DB::row(connection, sql.query(values))).await
    }

    async fn rows(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Vec<DB::Row>, Fault> {
        self.look_up(|connection| DB::rows(connection, sql.query(values))).await
    }
}

impl<DB: Server> Pool<DB> {
    /// Asks what may be asked again on another connection, where one has ended.
    async fn look_up<T>(
        &self,
        question: impl for<'c> Fn(&'c mut DB::Connection) -> Answer<'c, T>,
    ) -> Result<T, Fault> {
        let (mut retries, mut fresh) = (Retries::new(), 1..FRESH_CONNECTIONS);
        loop {
            match self.take().await?.ask(&question).await {
                Err(failure) if failure.is_lost() && fresh.next().is_some() => {}
                Err(failure) => retries.after(failure).await?,
                Ok(found) => return Ok(found),
            }
        }
    }
}

impl<DB: Server> Link for Writing<'_, DB> {
    type Row = DB::Row;

    async fn row(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Option<DB::Row>, Fault> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    async fn rows(&self, sql: &Sql, values: &[Value<'_>]) -> Result<Vec<DB::Row>, Fault> {
        let mut retries = Retries::new();
        loop {
            match self.0.take().await?.rows(sql, values).await {
                Err(failure) => retries.after(failure).await?,
                Ok(rows) => return Ok(rows),
            }
        }
    }
}

impl<DB: Server> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self { connections: self.connections.clone(), patience: self.patience }
    }
}

/// Without the options, which hold a password.
impl<DB: Server> fmt::Debug for Pool<DB> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Pool").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl<DB: Server> Connecting<DB> {
    /// Lets nobody have any of the connections that there are by now. What ends one, a restart or a gateway that has
    /// forgotten it, has mostly ended all.
    pub(super) fn distrust_all(&self) {
        self.distrusted.fetch_max(self.since_begun(Instant::now()), Ordering::Relaxed);
    }

    fn is_trusted(&self, metrics: &Metrics) -> bool {
        self.since_begun(metrics.created) > self.distrusted.load(Ordering::Relaxed)
    }

    fn since_begun(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.begun).as_nanos()).unwrap_or(u64::MAX)
    }
}

impl<DB: Server> Manager for Connecting<DB> {
    type Type = DB::Connection;
    type Error = Error;

    async fn create(&self) -> Result<DB::Connection, Error> {
        let mut connection = Box::pin(self.options.connect()).await?;
        let session = AssertSqlSafe(Arc::clone(&self.session)).into_sql_str();
        DB::run(&mut connection, session).await?;
        Ok(connection)
    }

    async fn recycle(
        &self,
        connection: &mut DB::Connection,
        metrics: &Metrics,
    ) -> RecycleResult<Error> {
        if !self.is_trusted(metrics) {
            return Err(RecycleError::message("others like it have ended"));
        }
        // Mostly it was closed when nobody had it.
        if metrics.age() > MAX_AGE + 2 * ROUNDS {
            return Err(RecycleError::message("it has served its time"));
        }
        if metrics.last_used() < TRUSTED_FOR {
            return Ok(());
        }
        if let Ok(Ok(())) = timeout(PING_TIMEOUT, connection.ping()).await {
            return Ok(());
        }
        self.distrust_all();
        Err(RecycleError::message("it does not answer"))
    }

    fn detach(&self, _connection: &mut DB::Connection) {
        self.gone.notify_waiters();
    }
}

/// Closes the connections of a pool that nobody needs, for as long as there is the pool.
async fn close_idle<DB: Server>(pool: WeakPool<Connecting<DB>>) {
    loop {
        sleep(ROUNDS).await;
        let Some(pool) = pool.upgrade() else { return };
        let is_needed = |_: &DB::Connection, metrics: Metrics| {
            metrics.last_used() < MAX_IDLE && metrics.age() < MAX_AGE
        };
        let idle = pool.retain(is_needed).removed;
        drop(pool);
        say_good_bye::<DB>(idle).await;
    }
}

/// Closes connections such that the server knows it at once. Who does not listen is not waited for.
async fn say_good_bye<DB: Server>(connections: Vec<DB::Connection>) {
    for connection in connections {
        let _ = timeout(PING_TIMEOUT, connection.close()).await;
    }
}
