//! Onboarding sessions.

use testudo::model::{Digest, OnboardingId, OnboardingSession, Version};
use testudo_driver::Fault;

use super::{all_bytes, bytes, id, moment, number};
use crate::sql::row::Columns;
use crate::sql::value::Value;

pub(crate) fn onboarding<R: Columns>(row: &R) -> Result<OnboardingSession, Fault> {
    Ok(OnboardingSession {
        id: OnboardingId::from_uuid(id(row, "onboarding_sessions.id")?),
        digest: Digest::from_bytes(bytes(row, "onboarding_sessions.digest")?),
        sealed: all_bytes(row, "onboarding_sessions.sealed")?,
        created_at: moment(row, "onboarding_sessions.created_at")?,
        expires_at: moment(row, "onboarding_sessions.expires_at")?,
        version: Version::new(number(row, "onboarding_sessions.version")?),
    })
}

pub(crate) fn onboarding_values(session: &OnboardingSession) -> Vec<Value<'_>> {
    vec![
        Value::uuid(session.id.as_uuid()),
        Value::bytes(session.digest.as_bytes()),
        Value::bytes(&session.sealed),
        session.created_at.into(),
        session.expires_at.into(),
        Value::int(session.version.get()),
    ]
}
