//! What a user has besides a password.

use testudo::model::{AcceptedTerms, Digest, TotpFactor, User};
use testudo_driver::Fault;

use crate::codec::{Reader, Writer};
use crate::fault::Unreadable;

pub(super) fn write(out: Writer, user: &User) -> Writer {
    let codes: Vec<u8> = user.recovery_codes.iter().flat_map(Digest::as_bytes).copied().collect();
    out.optional(user.totp.as_ref(), |out, factor| {
        out.bytes(&factor.sealed_seed).number(factor.last_step).moment(factor.enrolled_at)
    })
    .bytes(&codes)
    .optional(user.terms.as_ref(), |out, terms| out.text(&terms.version).moment(terms.at))
}

pub(super) fn totp(input: &mut Reader<'_>) -> Result<Option<TotpFactor>, Fault> {
    input.optional("users.totp", |input| {
        Ok(TotpFactor {
            sealed_seed: input.bytes("users.totp_sealed")?.to_vec(),
            last_step: input.number("users.totp_last_step")?,
            enrolled_at: input.moment("users.totp_enrolled_at")?,
        })
    })
}

/// The digests stand one after the other.
pub(super) fn recovery_codes(input: &mut Reader<'_>) -> Result<Vec<Digest>, Fault> {
    match input.bytes("users.recovery_codes")?.as_chunks() {
        (digests, []) => Ok(digests.iter().copied().map(Digest::from_bytes).collect()),
        _ => Err(Unreadable("users.recovery_codes").into()),
    }
}

pub(super) fn terms(input: &mut Reader<'_>) -> Result<Option<AcceptedTerms>, Fault> {
    input.optional("users.terms", |input| {
        let version = input.text("users.terms_version")?.to_owned();
        Ok(AcceptedTerms { version, at: input.moment("users.terms_accepted_at")? })
    })
}
