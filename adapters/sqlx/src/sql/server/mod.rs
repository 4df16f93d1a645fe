//! What the stores on a server of its own have in common: connections, waits with an end, transactions, and what is
//! tried again.
//!
//! * [`Pool`]: a bounded number of connections. As a [`Link`](super::Link) it carries out look-ups.
//! * [`Held`]: a connection that belongs to one command, on which every answer is waited for with an end.
//! * [`Transaction`]: several statements, all or none.
//! * [`Failure`]: why a statement was not carried out, and so what may be done about it; [`Retries`] does it.
//! * [`DatabaseUrl`]: where a database is, and what a URL says to this library about it.
//! * [`Server`]: what differs.

mod failure;
mod held;
mod pool;
mod retries;
mod transaction;
mod url;

use std::pin::Pin;

use sqlx::query::Query;
use sqlx::{Connection, Error, SqlStr};

pub(crate) use failure::{Failure, Why, is_of_tls};
pub(crate) use held::Held;
pub(crate) use pool::{Pool, Writing};
pub(crate) use retries::Retries;
pub(crate) use transaction::Transaction;
pub(crate) use url::{DatabaseUrl, Known, UrlError};

use super::row::Columns;
use super::value::Bound;

/// A database that is reached over a network.
pub(crate) trait Server: Bound<Row: Columns + Send, Connection: Send> {
    /// The first row that a query finds.
    fn row<'c>(
        connection: &'c mut Self::Connection,
        query: Prepared<Self>,
    ) -> Answer<'c, Option<Self::Row>>;

    /// All rows that a query finds.
    fn rows<'c>(
        connection: &'c mut Self::Connection,
        query: Prepared<Self>,
    ) -> Answer<'c, Vec<Self::Row>>;

    /// How many rows a statement changed, or found to change.
    fn execute<'c>(
        connection: &'c mut Self::Connection,
        statement: Prepared<Self>,
    ) -> Answer<'c, u64>;

    /// Carries out statements that are not prepared.
    fn run<'c>(connection: &'c mut Self::Connection, statements: SqlStr) -> Answer<'c, ()>;

    /// What an error means.
    fn failure(error: Error) -> Failure;
}

/// A statement with its parameters.
pub(crate) type Prepared<DB> = Query<'static, DB, <DB as sqlx::Database>::Arguments>;

/// What a connection will say.
pub(crate) type Answer<'c, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'c>>;

/// How to connect.
pub(crate) type Options<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

/// Implements [`Server`] for one database, given what its errors mean.
macro_rules! server {
    ($database:ty, $failure:path) => {
        impl Server for $database {
            fn row<'c>(
                connection: &'c mut Self::Connection,
                query: Prepared<Self>,
            ) -> Answer<'c, Option<Self::Row>> {
                sqlx::Executor::fetch_optional(connection, query)
            }

            fn rows<'c>(
                connection: &'c mut Self::Connection,
                query: Prepared<Self>,
            ) -> Answer<'c, Vec<Self::Row>> {
                sqlx::Executor::fetch_all(connection, query)
            }

            fn execute<'c>(
                connection: &'c mut Self::Connection,
                statement: Prepared<Self>,
            ) -> Answer<'c, u64> {
                Box::pin(async move {
                    let done = sqlx::Executor::execute(connection, statement).await?;
                    Ok(done.rows_affected())
                })
            }

            fn run<'c>(connection: &'c mut Self::Connection, statements: SqlStr) -> Answer<'c, ()> {
                Box::pin(
                    async move { sqlx::raw_sql(statements).execute(connection).await.map(drop) },
                )
            }

            fn failure(error: Error) -> Failure {
                $failure(error)
            }
        }
    };
}

#[cfg(feature = "postgres")]
server!(sqlx::Postgres, crate::postgres::failure);
#[cfg(feature = "mysql")]
server!(sqlx::MySql, crate::mysql::failure);
