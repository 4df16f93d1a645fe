//! A connection that belongs to one command.

use std::time::Duration;

use deadpool::managed::Object;
use sqlx::{Connection, Error, SqlSafeStr};
use tokio::runtime::Handle;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::pool::Connecting;
use super::{Answer, Failure, Server};
use crate::sql::{Sql, Value};

/// A connection that belongs to one command. Each of its statements is waited for with an end.
///
/// Where it is let go of in the middle of something, without an answer or in a transaction, it is closed, which rolls
/// that back: nobody knows in what state it is.
///
/// Who hangs up while the server works leaves it working. The connection keeps its place until that is over, so that
/// nobody makes a server have more of them than it was told.
pub(crate) struct Held<DB: Server> {
    /// Nothing once it is let go of.
    connection: Option<Object<Connecting<DB>>>,
    patience: Duration,
    pub(super) state: State,
}

/// Of what use a connection is to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Somebody else may have it next.
    Fit,
    /// It has a transaction open.
    InTransaction,
    /// It is in the middle of something.
    Busy,
    /// Nobody answered in time.
    Silent,
    /// It has ended, or leads to a server that takes no writes any more.
    Lost,
}

impl<DB: Server> Held<DB> {
    pub(super) const fn new(connection: Object<Connecting<DB>>, patience: Duration) -> Self {
        Self { connection: Some(connection), patience, state: State::Fit }
    }

    /// All rows that a query finds.
    pub(crate) async fn rows(
        &mut self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> Result<Vec<DB::Row>, Failure> {
        self.ask(|connection| DB::rows(connection, sql.query(values))).await
    }

    /// How many rows a statement changed, or found to change.
    pub(crate) async fn execute(
        &mut self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> Result<u64, Failure> {
        self.ask(|connection| DB::execute(connection, sql.query(values))).await
    }

    /// Carries out a statement that cannot be prepared.
    pub(crate) async fn run(&mut self, statement: &'static str) -> Result<(), Failure> {
        self.ask(|connection| DB::run(connection, statement.into_sql_str())).await
    }

    /// Asks the server, and waits for what it says.
    pub(super) async fn ask<T>(
        &mut self,
        question: impl for<'c> FnOnce(&'c mut DB::Connection) -> Answer<'c, T>,
    ) -> Result<T, Failure> {
        self.state = State::Busy;
        let connection = self.connection.as_deref_mut();
        let connection = connection.ok_or_else(|| DB::failure(Error::PoolClosed))?;
        let answer = timeout(self.patience, question(connection)).await;
        self.answered(answer)
    }

    /// Waits until the server is done with what it was asked last.
    async fn end(mut self) {
        if let Some(connection) = self.connection.as_deref_mut() {
            let _ = timeout(self.patience, connection.ping()).await;
        }
    }

    /// Where the server answered, the connection is as good as before; but if that takes no writes, its name may lead
    /// elsewhere by now, where this connection does not.
    fn answered<T>(&mut self, answer: Result<Result<T, Error>, Elapsed>) -> Result<T, Failure> {
        match answer {
            Err(Elapsed { .. }) => {
                self.state = State::Silent;
                Err(Failure::no_answer())
            }
            Ok(Ok(answer)) => {
                self.state = State::Fit;
                Ok(answer)
            }
            Ok(Err(error)) => {
                let is_answer = matches!(error, Error::Database(_));
                let failure = DB::failure(error);
                if failure.is_lost() || failure.is_read_only() {
                    self.state = State::Lost;
                } else if is_answer {
                    self.state = State::Fit;
                }
                Err(failure)
            }
        }
    }
}

impl<DB: Server> Drop for Held<DB> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        match (self.state, Handle::try_current()) {
            (State::Fit, _) => {}
            (State::Busy, Ok(runtime)) => {
                let (connection, state) = (Some(connection), State::Silent);
                runtime.spawn(Self { connection, patience: self.patience, state }.end());
            }
            (State::Lost, _) => {
                if let Some(pool) = Object::pool(&connection) {
                    pool.manager().distrust_all();
                }
                drop(Object::take(connection));
            }
            (State::Busy | State::Silent | State::InTransaction, _) => {
                drop(Object::take(connection));
            }
        }
    }
}
