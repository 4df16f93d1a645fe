//! How a record becomes bytes and comes back.
//!
//! A record is its fields one after the other, of fixed width or behind their length, numbers with the
//! most significant byte first. What scripts look at comes first, at offsets that never move: the format,
//! the version, and whose it is. A field that is added gets a new format; a record of a format that is not
//! known is corrupt.

use serde::Serialize;
use serde::de::DeserializeOwned;
use testudo::Timestamp;
use testudo::model::Digest;
use testudo_driver::Fault;
use uuid::Uuid;

use crate::fault::{Unreadable, unwritable};

/// The format of all records.
pub(crate) const FORMAT: u8 = 1;

/// What stands for no moment.
const NEVER: u64 = u64::MAX;

/// Writes a record.
#[derive(Debug)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(vec![FORMAT])
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn small(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    pub(crate) fn flag(mut self, flag: bool) -> Self {
        self.0.push(u8::from(flag));
        self
    }

    pub(crate) fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes behind their length. None of a record's fields comes near the 4 GiB that fit.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        self.small(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).fixed(bytes)
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn moment(self, moment: Timestamp) -> Self {
        self.number(moment.as_millis())
    }

    pub(crate) fn optional_moment(self, moment: Option<Timestamp>) -> Self {
        self.number(moment.map_or(NEVER, Timestamp::as_millis))
    }

    pub(crate) fn json(self, value: &impl Serialize) -> Result<Self, Fault> {
        Ok(self.bytes(&serde_json::to_vec(value).map_err(unwritable)?))
    }

    /// A field that there may not be.
    pub(crate) fn optional<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.flag(false),
            Some(value) => write(self.flag(true), value),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Reads a record, field by field. Whatever cannot be read is a fault that names the field.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// `field` names the format.
    pub(crate) fn new(record: &'a [u8], field: &'static str) -> Result<Self, Fault> {
        match record.split_first() {
            Some((&FORMAT, rest)) => Ok(Self(rest)),
            _ => Err(Unreadable(field).into()),
        }
    }

    pub(crate) fn fixed<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], Fault> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Unreadable(field))?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(crate) fn number(&mut self, field: &'static str) -> Result<u64, Fault> {
        self.fixed(field).map(u64::from_be_bytes)
    }

    pub(crate) fn small(&mut self, field: &'static str) -> Result<u32, Fault> {
        self.fixed(field).map(u32::from_be_bytes)
    }

    pub(crate) fn flag(&mut self, field: &'static str) -> Result<bool, Fault> {
        match self.fixed(field)? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Unreadable(field).into()),
        }
    }

    pub(crate) fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(self.small(field)?).map_err(|_| Unreadable(field))?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Unreadable(field))?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes(field)?).map_err(|_| Unreadable(field).into())
    }

    pub(crate) fn uuid(&mut self, field: &'static str) -> Result<Uuid, Fault> {
        self.fixed(field).map(Uuid::from_bytes)
    }

    pub(crate) fn digest(&mut self, field: &'static str) -> Result<Digest, Fault> {
        self.fixed(field).map(Digest::from_bytes)
    }

    pub(crate) fn moment(&mut self, field: &'static str) -> Result<Timestamp, Fault> {
        moment(self.number(field)?, field)
    }

    pub(crate) fn optional_moment(
        &mut self,
        field: &'static str,
    ) -> Result<Option<Timestamp>, Fault> {
        match self.number(field)? {
            NEVER => Ok(None),
            millis => moment(millis, field).map(Some),
        }
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self, field: &'static str) -> Result<T, Fault> {
        serde_json::from_slice(self.bytes(field)?).map_err(|_| Unreadable(field).into())
    }

    /// A field that there may not be.
    pub(crate) fn optional<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.flag(field)? { read(self).map(Some) } else { Ok(None) }
    }

    /// That nothing follows. `field` names the last one.
    pub(crate) fn finish<T>(self, record: T, field: &'static str) -> Result<T, Fault> {
        if self.0.is_empty() { Ok(record) } else { Err(Unreadable(field).into()) }
    }
}

pub(crate) fn moment(millis: u64, field: &'static str) -> Result<Timestamp, Fault> {
    let moment = Timestamp::from_millis(millis);
    if moment.as_millis() == millis { Ok(moment) } else { Err(Unreadable(field).into()) }
}
