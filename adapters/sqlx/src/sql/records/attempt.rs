//! Attempt counters.

use testudo::model::{AttemptCounter, AttemptKey};
use testudo_driver::Fault;

use super::{count, moment};
use crate::sql::fault::Unreadable;
use crate::sql::row::{Columns, required};
use crate::sql::statement::Dialect;

pub(crate) fn attempt_counter<R: Columns>(row: &R) -> Result<AttemptCounter, Fault> {
    Ok(AttemptCounter {
        count: count(row, "attempts.count")?,
        window_end: moment(row, "attempts.window_end")?,
        consecutive: count(row, "attempts.consecutive")?,
    })
}

pub(crate) fn attempt_key<R: Columns>(row: &R, dialect: Dialect) -> Result<AttemptKey, Fault> {
    let name = "attempts.key";
    let key = if dialect.keys_are_texts() {
        row.text(name)?.map(str::to_owned)
    } else {
        let bytes = row.bytes(name)?.map(<[u8]>::to_vec);
        bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| Unreadable::at(name))).transpose()?
    };
    required(key, name).map(AttemptKey::from_stored)
}
