//! Onboarding sessions.

use testudo::model::{OnboardingId, OnboardingSession, Version};
use testudo_driver::Fault;

use crate::codec::{Reader, Writer};

/// Scripts look at the version (bytes 2 to 9, counted from 1).
pub(crate) fn onboarding_bytes(session: &OnboardingSession) -> Vec<u8> {
    Writer::new()
        .number(session.version.get())
        .fixed(session.digest.as_bytes())
        .moment(session.created_at)
        .moment(session.expires_at)
        .bytes(&session.sealed)
        .finish()
}

pub(crate) fn onboarding(id: OnboardingId, record: &[u8]) -> Result<OnboardingSession, Fault> {
    let mut input = Reader::new(record, "onboarding.format")?;
    let version = Version::new(input.number("onboarding.version")?);
    let session = OnboardingSession {
        id,
        digest: input.digest("onboarding.digest")?,
        created_at: input.moment("onboarding.created_at")?,
        expires_at: input.moment("onboarding.expires_at")?,
        sealed: input.bytes("onboarding.sealed")?.to_vec(),
        version,
    };
    input.finish(session, "onboarding.sealed")
}
