//! Records as the values of a row, in the order of [`Table::columns`](super::Table::columns), and back.

mod api_key;
mod attempt;
mod event;
mod factors;
mod invitation;
mod message;
mod onboarding;
mod profile;
mod session;
mod user;

pub(crate) use api_key::{api_key, api_key_values};
pub(crate) use attempt::{attempt_counter, attempt_key};
pub(crate) use event::{event, event_values};
pub(crate) use invitation::{invitation, invitation_values};
pub(crate) use message::{kept_message, message_id, message_values, taken_message};
pub(crate) use onboarding::{onboarding, onboarding_values};
pub(crate) use session::{session, session_values};
pub(crate) use user::{standing, user, user_values};

use std::borrow::Cow;

use serde::de::{DeserializeOwned, IntoDeserializer, value};
use serde::{Deserialize, Serialize};
use testudo::Timestamp;
use testudo_driver::{Fault, FaultKind};
use uuid::Uuid;

use super::fault::Unreadable;
use super::row::{Columns, required};
use super::value::Value;

/// A value as JSON.
pub(crate) fn json<'a, T: Serialize + ?Sized>(value: &T) -> Result<Value<'a>, Fault> {
    let text =
        serde_json::to_string(value).map_err(|error| Fault::new(FaultKind::Internal, error))?;
    Ok(Value::Text(Some(Cow::Owned(text))))
}

pub(crate) fn moment<R: Columns>(row: &R, name: &str) -> Result<Timestamp, Fault> {
    required(optional_moment(row, name)?, name)
}

pub(crate) fn optional_moment<R: Columns>(row: &R, name: &str) -> Result<Option<Timestamp>, Fault> {
    let Some(stored) = row.int(name)? else { return Ok(None) };
    let millis = u64::try_from(stored).map_err(|_| Unreadable::at(name))?;
    let moment = Timestamp::from_millis(millis);
    if moment.as_millis() == millis { Ok(Some(moment)) } else { Err(Unreadable::at(name)) }
}

/// The counterpart of [`integer`](super::integer).
pub(crate) fn number<R: Columns>(row: &R, name: &str) -> Result<u64, Fault> {
    required(row.int(name)?, name).map(i64::cast_unsigned)
}

/// A number of 32 bits.
pub(crate) fn count<R: Columns>(row: &R, name: &str) -> Result<u32, Fault> {
    required(row.int(name)?, name)?.try_into().map_err(|_| Unreadable::at(name))
}

pub(crate) fn flag<R: Columns>(row: &R, name: &str) -> Result<bool, Fault> {
    required(row.bool(name)?, name)
}

pub(crate) fn text<R: Columns>(row: &R, name: &str) -> Result<String, Fault> {
    required(row.text(name)?, name).map(str::to_owned)
}

pub(crate) fn id<R: Columns>(row: &R, name: &str) -> Result<Uuid, Fault> {
    required(row.uuid(name)?, name)
}

pub(crate) fn bytes<R: Columns, const N: usize>(row: &R, name: &str) -> Result<[u8; N], Fault> {
    required(row.bytes(name)?, name)?.try_into().map_err(|_| Unreadable::at(name))
}

pub(crate) fn all_bytes<R: Columns>(row: &R, name: &str) -> Result<Vec<u8>, Fault> {
    required(row.bytes(name)?, name).map(<[u8]>::to_vec)
}

/// A column as the JSON text that it holds.
pub(crate) fn parsed<R: Columns, T: DeserializeOwned>(row: &R, name: &str) -> Result<T, Fault> {
    serde_json::from_str(required(row.text(name)?, name)?).map_err(|_| Unreadable::at(name))
}

/// A value that serialises as a name, as that name.
pub(crate) fn name<'a, T: Serialize>(value: &T) -> Result<Value<'a>, Fault> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(Value::Text(Some(Cow::Owned(name)))),
        Ok(_) => Err(Fault::new(FaultKind::Internal, "a name was expected")),
        Err(error) => Err(Fault::new(FaultKind::Internal, error)),
    }
}

/// The counterpart of [`name`].
pub(crate) fn named<'r, R: Columns, T: Deserialize<'r>>(
    row: &'r R,
    column: &str,
) -> Result<T, Fault> {
    let stored = required(row.text(column)?, column)?;
    T::deserialize(stored.into_deserializer()).map_err(|_: value::Error| Unreadable::at(column))
}
