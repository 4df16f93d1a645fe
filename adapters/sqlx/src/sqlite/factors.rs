//! What a user has besides a password, in the columns of their row.

use sqlx::sqlite::SqliteRow;
use testudo::model::{AcceptedTerms, Digest, TotpFactor, User};
use testudo_driver::Fault;

use super::fault::Unreadable;
use super::rows::{column, moment, number, optional_moment};
use super::writes::{Statement, integer};

pub(super) fn totp(row: &SqliteRow) -> Result<Option<TotpFactor>, Fault> {
    let Some(enrolled_at) = optional_moment(row, "users.totp_enrolled_at")? else {
        return Ok(None);
    };
    let sealed_seed = column(row, "users.totp_sealed")?;
    Ok(Some(TotpFactor {
        sealed_seed,
        last_step: number(row, "users.totp_last_step")?,
        enrolled_at,
    }))
}

/// The digests stand one after the other.
pub(super) fn recovery_codes(row: &SqliteRow) -> Result<Vec<Digest>, Fault> {
    let stored: Option<&[u8]> = column(row, "users.recovery_codes")?;
    match stored.unwrap_or_default().as_chunks() {
        (digests, []) => Ok(digests.iter().copied().map(Digest::from_bytes).collect()),
        _ => Err(Unreadable("users.recovery_codes").into()),
    }
}

pub(super) fn terms(row: &SqliteRow) -> Result<Option<AcceptedTerms>, Fault> {
    let Some(version) = column(row, "users.terms_version")? else { return Ok(None) };
    Ok(Some(AcceptedTerms { version, at: moment(row, "users.terms_accepted_at")? }))
}

/// Six parameters: the authenticator app, the recovery codes and the terms.
pub(super) fn bind(statement: Statement, user: &User) -> Statement {
    let User { totp, recovery_codes, terms, .. } = user;
    let (totp, terms) = (totp.as_ref(), terms.as_ref());
    let codes: Vec<u8> = recovery_codes.iter().flat_map(Digest::as_bytes).copied().collect();
    statement
        .bind(totp.map(|factor| factor.sealed_seed.clone()))
        .bind(totp.map(|factor| integer(factor.last_step)))
        .bind(totp.map(|factor| integer(factor.enrolled_at.as_millis())))
        .bind(Some(codes).filter(|codes| !codes.is_empty()))
        .bind(terms.map(|terms| terms.version.clone()))
        .bind(terms.map(|terms| integer(terms.at.as_millis())))
}
