//! What a user has besides a password, in the columns of their row.

use testudo::model::{AcceptedTerms, Digest, TotpFactor, User};
use testudo_driver::Fault;

use super::{all_bytes, moment, number, optional_moment};
use crate::sql::fault::Unreadable;
use crate::sql::row::Columns;
use crate::sql::value::{Value, integer};

pub(super) fn totp<R: Columns>(row: &R) -> Result<Option<TotpFactor>, Fault> {
    let Some(enrolled_at) = optional_moment(row, "users.totp_enrolled_at")? else {
        return Ok(None);
    };
    Ok(Some(TotpFactor {
        sealed_seed: all_bytes(row, "users.totp_sealed")?,
        last_step: number(row, "users.totp_last_step")?,
        enrolled_at,
    }))
}

/// The digests stand one after the other.
pub(super) fn recovery_codes<R: Columns>(row: &R) -> Result<Vec<Digest>, Fault> {
    let name = "users.recovery_codes";
    match row.bytes(name)?.unwrap_or_default().as_chunks() {
        (digests, []) => Ok(digests.iter().copied().map(Digest::from_bytes).collect()),
        _ => Err(Unreadable::at(name)),
    }
}

pub(super) fn terms<R: Columns>(row: &R) -> Result<Option<AcceptedTerms>, Fault> {
    let Some(version) = row.text("users.terms_version")?.map(str::to_owned) else {
        return Ok(None);
    };
    Ok(Some(AcceptedTerms { version, at: moment(row, "users.terms_accepted_at")? }))
}

pub(super) fn totp_values(user: &User) -> [Value<'_>; 3] {
    let totp = user.totp.as_ref();
    [
        Value::Bytes(totp.map(|factor| factor.sealed_seed.as_slice().into())),
        Value::Int(totp.map(|factor| integer(factor.last_step))),
        totp.map(|factor| factor.enrolled_at).into(),
    ]
}

pub(super) fn recovery_values(user: &User) -> Value<'_> {
    let codes: Vec<u8> = user.recovery_codes.iter().flat_map(Digest::as_bytes).copied().collect();
    Value::Bytes(Some(codes).filter(|codes| !codes.is_empty()).map(Into::into))
}

pub(super) fn terms_values(user: &User) -> [Value<'_>; 2] {
    let terms = user.terms.as_ref();
    [
        Value::Text(terms.map(|terms| terms.version.as_str().into())),
        terms.map(|terms| terms.at).into(),
    ]
}
