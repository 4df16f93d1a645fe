//! The way to a database.

use std::future::Future;

use testudo_driver::Fault;

use super::row::Columns;
use super::statement::Sql;
use super::value::Value;

/// Carries out statements that change nothing, each by itself.
///
/// What was acknowledged before is seen. Every wait is bounded, and errors are faults by their meaning.
pub(crate) trait Link: Sync {
    type Row: Columns + Send;

    /// The first row of a query that finds one at most, if it does.
    fn row(
        &self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Option<Self::Row>, Fault>> + Send;

    /// All rows of a query.
    fn rows(
        &self,
        sql: &Sql,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<Vec<Self::Row>, Fault>> + Send;
}
