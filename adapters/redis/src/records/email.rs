//! Addresses: the canonical key and what was typed.

use testudo::model::{Email, EmailKey};
use testudo_driver::Fault;

use crate::codec::{Reader, Writer};

pub(super) fn write(out: Writer, email: &Email) -> Writer {
    out.text(email.key().as_str()).text(email.as_str())
}

pub(super) fn read(input: &mut Reader<'_>, field: &'static str) -> Result<Email, Fault> {
    let key = EmailKey::from_stored(input.text(field)?.to_owned());
    Ok(Email::from_stored(input.text(field)?.to_owned(), key))
}
