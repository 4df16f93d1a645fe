//! Events.

use testudo::event::EventRecord;
use testudo_driver::Fault;

use super::{json, parsed};
use crate::sql::row::Columns;
use crate::sql::value::Value;

pub(crate) fn event<R: Columns>(row: &R) -> Result<EventRecord, Fault> {
    parsed(row, "events.record")
}

pub(crate) fn event_values(record: &EventRecord) -> Result<Vec<Value<'_>>, Fault> {
    Ok(vec![
        Value::uuid(record.id.as_uuid()),
        Value::Uuid(record.user.map(|id| *id.as_uuid())),
        record.at.into(),
        Value::text(record.event.kind().as_str()),
        json(record)?,
    ])
}
