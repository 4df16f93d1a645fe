//! Messages on their way out, and such that were given up.

use testudo::message::{Burial, KeptMessage, SealedMessage, TakenMessage};
use testudo::model::MessageId;
use testudo_driver::Fault;

use super::{all_bytes, count, id, moment, named, optional_moment};
use crate::sql::row::Columns;
use crate::sql::value::Value;

pub(crate) fn message_id<R: Columns>(row: &R) -> Result<MessageId, Fault> {
    id(row, "messages.id").map(MessageId::from_uuid)
}

pub(crate) fn taken_message<R: Columns>(row: &R) -> Result<TakenMessage, Fault> {
    Ok(TakenMessage { message: sealed(row)?, attempts: count(row, "messages.attempts")? })
}

pub(crate) fn kept_message<R: Columns>(row: &R) -> Result<KeptMessage, Fault> {
    let burial = match optional_moment(row, "messages.buried_at")? {
        Some(at) => Some(Burial { at, reason: named(row, "messages.burial_reason")? }),
        None => None,
    };
    Ok(KeptMessage {
        message: sealed(row)?,
        attempts: count(row, "messages.attempts")?,
        next_try: moment(row, "messages.next_try")?,
        burial,
    })
}

fn sealed<R: Columns>(row: &R) -> Result<SealedMessage, Fault> {
    Ok(SealedMessage {
        id: message_id(row)?,
        created_at: moment(row, "messages.created_at")?,
        sealed: all_bytes(row, "messages.sealed")?,
    })
}

/// It is due from its own moment on.
pub(crate) fn message_values(message: &SealedMessage) -> Vec<Value<'_>> {
    vec![
        Value::uuid(message.id.as_uuid()),
        message.created_at.into(),
        Value::bytes(&message.sealed),
        message.created_at.into(),
    ]
}
