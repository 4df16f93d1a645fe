//! Taking answers apart.

use redis::{FromRedisValue, Value};
use testudo_driver::Fault;
use uuid::Uuid;

use crate::fault::{Unreadable, unexpected};

/// An answer of any type.
pub(crate) fn of<T: FromRedisValue>(answer: Value) -> Result<T, Fault> {
    T::from_redis_value(answer).map_err(|_| unexpected())
}

/// Bytes, or none.
pub(crate) fn bytes(answer: Value) -> Result<Option<Vec<u8>>, Fault> {
    match answer {
        Value::Nil | Value::Boolean(false) => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        _ => Err(unexpected()),
    }
}

/// The items of a list, or none.
pub(crate) fn items(answer: Value) -> Result<Option<Vec<Value>>, Fault> {
    match answer {
        Value::Nil | Value::Boolean(false) => Ok(None),
        Value::Array(items) => Ok(Some(items)),
        _ => Err(unexpected()),
    }
}

/// As many values as there have to be, or none.
pub(crate) fn some<const N: usize>(answer: Value) -> Result<Option<[Value; N]>, Fault> {
    let Some(items) = items(answer)? else { return Ok(None) };
    items.try_into().map(Some).map_err(|_| unexpected())
}

/// A list of bytes.
pub(crate) fn list(answer: Value) -> Result<Vec<Vec<u8>>, Fault> {
    items(answer)?.unwrap_or_default().into_iter().map(present).collect()
}

/// Bytes that there are.
pub(crate) fn present(answer: Value) -> Result<Vec<u8>, Fault> {
    bytes(answer)?.ok_or_else(unexpected)
}

/// An id, as it stands in indices.
pub(crate) fn uuid(bytes: &[u8]) -> Result<Uuid, Fault> {
    Uuid::from_slice(bytes).map_err(|_| Unreadable("id of an index").into())
}
