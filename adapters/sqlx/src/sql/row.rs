//! What comes out of a row.

use testudo_driver::{Fault, FaultKind};
use uuid::Uuid;

use super::fault::Unreadable;

/// The columns of one row, by the names `table.column` under which they were selected.
///
/// `None` is NULL. A value of another type than asked for is a fault of the kind `Corrupt` that names the
/// column.
pub(crate) trait Columns {
    fn bool(&self, name: &str) -> Result<Option<bool>, Fault>;
    fn int(&self, name: &str) -> Result<Option<i64>, Fault>;
    fn real(&self, name: &str) -> Result<Option<f64>, Fault>;
    fn text(&self, name: &str) -> Result<Option<&str>, Fault>;
    fn bytes(&self, name: &str) -> Result<Option<&[u8]>, Fault>;
    fn uuid(&self, name: &str) -> Result<Option<Uuid>, Fault>;
}

/// The value of a column that is never NULL.
pub(crate) fn required<T>(value: Option<T>, name: &str) -> Result<T, Fault> {
    value.ok_or_else(|| Unreadable::at(name))
}

/// What it means that a column cannot be had: what is in it is at fault, or the statement that lacks it.
fn fault(error: sqlx::Error, name: &str) -> Fault {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Unreadable::at(name),
        error => Fault::new(FaultKind::Internal, error),
    }
}

/// Implements [`Columns`] for the rows of one database, given how it reads a text and a UUID.
macro_rules! columns {
    ($row:ty, $text:ident, $uuid:expr) => {
        impl Columns for $row {
            fn bool(&self, name: &str) -> Result<Option<bool>, Fault> {
                sqlx::Row::try_get(self, name).map_err(|error| fault(error, name))
            }

            fn int(&self, name: &str) -> Result<Option<i64>, Fault> {
                sqlx::Row::try_get(self, name).map_err(|error| fault(error, name))
            }

            fn real(&self, name: &str) -> Result<Option<f64>, Fault> {
                sqlx::Row::try_get(self, name).map_err(|error| fault(error, name))
            }

            fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
                sqlx::Row::$text(self, name).map_err(|error| fault(error, name))
            }

            fn bytes(&self, name: &str) -> Result<Option<&[u8]>, Fault> {
                sqlx::Row::try_get(self, name).map_err(|error| fault(error, name))
            }

            fn uuid(&self, name: &str) -> Result<Option<Uuid>, Fault> {
                let read: fn(&Self, &str) -> Result<Option<Uuid>, Fault> = $uuid;
                read(self, name)
            }
        }
    };
}

#[cfg(any(feature = "sqlite", feature = "mysql"))]
fn uuid_of_bytes<R: Columns>(row: &R, name: &str) -> Result<Option<Uuid>, Fault> {
    let bytes = row.bytes(name)?;
    bytes.map(|bytes| Uuid::from_slice(bytes).map_err(|_| Unreadable::at(name))).transpose()
}

#[cfg(feature = "sqlite")]
columns!(sqlx::sqlite::SqliteRow, try_get, uuid_of_bytes);
// What is compared byte for byte is of a type that sqlx takes for bytes alone.
#[cfg(feature = "mysql")]
columns!(sqlx::mysql::MySqlRow, try_get_unchecked, uuid_of_bytes);
#[cfg(feature = "postgres")]
columns!(sqlx::postgres::PgRow, try_get, |row, name| sqlx::Row::try_get(row, name)
    .map_err(|error| fault(error, name)));
