//! What goes into a statement.

use std::borrow::Cow;

use sqlx::Database;
use sqlx::query::Query;
use uuid::Uuid;

/// One parameter. Each variant may be NULL, and is of one type also then.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Bool(Option<bool>),
    Int(Option<i64>),
    Real(Option<f64>),
    Text(Option<Cow<'a, str>>),
    Bytes(Option<Cow<'a, [u8]>>),
    /// In the type that the database has for it.
    Uuid(Option<Uuid>),
    /// In the place of a table, for a database that has lists.
    #[cfg(feature = "postgres")]
    List(List<'a>),
}

/// Many values of one type.
#[cfg(feature = "postgres")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum List<'a> {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<Cow<'a, str>>>),
    Bytes(Vec<Option<Cow<'a, [u8]>>>),
    Uuids(Vec<Option<Uuid>>),
}

/// Databases that take a [`Value`].
pub(crate) trait Bound: Database {
    fn bind<'q>(
        query: Query<'q, Self, Self::Arguments>,
        value: &Value<'_>,
    ) -> Query<'q, Self, Self::Arguments>;
}

/// The integers of SQL are signed. A number beyond their range is kept bit for bit; only moments, which never
/// are, need an order in the database.
pub(crate) const fn integer(number: u64) -> i64 {
    number.cast_signed()
}

impl<'a> Value<'a> {
    pub(crate) fn text(text: &'a str) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }

    pub(crate) const fn int(number: u64) -> Self {
        Self::Int(Some(integer(number)))
    }

    pub(crate) fn bytes(bytes: &'a [u8]) -> Self {
        Self::Bytes(Some(Cow::Borrowed(bytes)))
    }

    pub(crate) const fn uuid(id: &Uuid) -> Self {
        Self::Uuid(Some(*id))
    }
}

impl From<testudo::Timestamp> for Value<'_> {
    fn from(moment: testudo::Timestamp) -> Self {
        Self::int(moment.as_millis())
    }
}

impl From<Option<testudo::Timestamp>> for Value<'_> {
    fn from(moment: Option<testudo::Timestamp>) -> Self {
        Self::Int(moment.map(|moment| integer(moment.as_millis())))
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Bool(Some(flag))
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Int(Some(number.into()))
    }
}

/// Implements [`Bound`] for one database, given what it takes for a UUID and how it binds a list.
macro_rules! bound {
    ($database:ty, $id:ident => $uuid:expr, $list:expr) => {
        impl Bound for $database {
            fn bind<'q>(
                query: Query<'q, Self, Self::Arguments>,
                value: &Value<'_>,
            ) -> Query<'q, Self, Self::Arguments> {
                match value {
                    Value::Bool(flag) => query.bind(*flag),
                    Value::Int(number) => query.bind(*number),
                    Value::Real(number) => query.bind(*number),
                    Value::Text(text) => query.bind(text.as_deref()),
                    Value::Bytes(bytes) => query.bind(bytes.as_deref()),
                    Value::Uuid(id) => query.bind(id.as_ref().map(|$id| $uuid)),
                    #[cfg(feature = "postgres")]
                    Value::List(list) => $list(query, list),
                }
            }
        }
    };
}

/// What has no lists is given none.
#[cfg(feature = "postgres")]
#[allow(dead_code, reason = "there may be no such database")]
fn no_list<T>(query: T, _list: &List<'_>) -> T {
    query
}

#[cfg(feature = "postgres")]
type PgQuery<'q> = Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

#[cfg(feature = "postgres")]
fn pg_list<'q>(query: PgQuery<'q>, list: &List<'_>) -> PgQuery<'q> {
    fn borrowed<'a, T: ToOwned + ?Sized>(list: &'a [Option<Cow<'_, T>>]) -> Vec<Option<&'a T>> {
        list.iter().map(Option::as_deref).collect()
    }
    match list {
        List::Ints(list) => query.bind(&list[..]),
        List::Uuids(list) => query.bind(&list[..]),
        List::Texts(list) => query.bind(borrowed(list)),
        List::Bytes(list) => query.bind(borrowed(list)),
    }
}

#[cfg(feature = "sqlite")]
bound!(sqlx::Sqlite, id => &id.as_bytes()[..], no_list);
#[cfg(feature = "postgres")]
bound!(sqlx::Postgres, id => *id, pg_list);
#[cfg(feature = "mysql")]
bound!(sqlx::MySql, id => &id.as_bytes()[..], no_list);
