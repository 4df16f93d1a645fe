//! The names of all keys, and which bucket they lie in.
//!
//! Every name begins with `{prefix:bucket}:`. What stands in braces decides the slot of a cluster, so a
//! bucket is in one slot, and one script can do all that a commit takes.

use std::fmt::Display;
use std::sync::Arc;

use testudo::model::{ApiKeyId, AttemptKey, InvitationId, OnboardingId, SessionId, UserId};
use uuid::Uuid;

/// Where users, invitations, API keys, events and messages are.
pub(crate) const FIRST: Bucket = Bucket(0);

/// One of the parts that all keys are spread over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bucket(u32);

/// Names keys.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: Arc<str>,
    buckets: u32,
}

impl Keys {
    pub(crate) fn new(prefix: &str, buckets: u32) -> Self {
        Self { prefix: prefix.into(), buckets: buckets.max(1) }
    }

    /// Whether all keys are in one bucket, so that every commit is one script.
    pub(crate) const fn are_together(&self) -> bool {
        self.buckets == 1
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = Bucket> + use<> {
        (0..self.buckets).map(Bucket)
    }

    pub(crate) fn of_session(&self, id: SessionId) -> Bucket {
        self.bucket(id.as_uuid().as_bytes())
    }

    /// Where the index of a user's sessions is.
    pub(crate) fn of_user(&self, id: UserId) -> Bucket {
        self.bucket(id.as_uuid().as_bytes())
    }

    pub(crate) fn of_onboarding(&self, id: OnboardingId) -> Bucket {
        self.bucket(id.as_uuid().as_bytes())
    }

    pub(crate) fn of_counter(&self, key: &AttemptKey) -> Bucket {
        self.bucket(key.as_str().as_bytes())
    }

    /// Always the same for the same bytes, whatever program computes it: CRC-32 as in gzip.
    fn bucket(&self, bytes: &[u8]) -> Bucket {
        // There is at least one bucket.
        Bucket(crc32fast::hash(bytes).checked_rem(self.buckets).unwrap_or(0))
    }

    /// The form of the records and the number of buckets, as they were at first use.
    pub(crate) fn layout(&self) -> String {
        self.name(FIRST, "layout")
    }

    pub(crate) fn users(&self) -> String {
        self.name(FIRST, "users")
    }

    pub(crate) fn emails(&self) -> String {
        self.emails_in(FIRST)
    }

    /// For a script that may look at addresses where they are, and is also used elsewhere.
    pub(crate) fn emails_in(&self, bucket: Bucket) -> String {
        self.name(bucket, "emails")
    }

    pub(crate) fn user_ids(&self) -> String {
        self.name(FIRST, "users:ids")
    }

    pub(crate) fn closing(&self) -> String {
        self.name(FIRST, "users:closing")
    }

    pub(crate) fn session(&self, id: SessionId) -> String {
        self.named(self.of_session(id), "session", id.as_uuid())
    }

    pub(crate) fn sessions_of(&self, user: UserId) -> String {
        self.owned(self.of_user(user), user, "sessions")
    }

    pub(crate) fn session_expiries(&self, bucket: Bucket) -> String {
        self.name(bucket, "sessions:expiry")
    }

    pub(crate) fn counter(&self, key: &AttemptKey) -> String {
        self.name(self.of_counter(key), &format!("counter:{}", key.as_str()))
    }

    /// As [`Keys::counter`], for a key that was listed in this bucket.
    pub(crate) fn counter_in(&self, bucket: Bucket, key: &[u8]) -> Vec<u8> {
        let mut name = self.name(bucket, "counter:").into_bytes();
        name.extend_from_slice(key);
        name
    }

    pub(crate) fn counters_by_end(&self, bucket: Bucket) -> String {
        self.name(bucket, "counters:end")
    }

    pub(crate) fn counters_by_key(&self, bucket: Bucket) -> String {
        self.name(bucket, "counters:keys")
    }

    pub(crate) fn onboarding(&self, id: OnboardingId) -> String {
        self.named(self.of_onboarding(id), "onboarding", id.as_uuid())
    }

    pub(crate) fn onboarding_expiries(&self, bucket: Bucket) -> String {
        self.name(bucket, "onboarding:expiry")
    }

    pub(crate) fn invitation(&self, id: InvitationId) -> String {
        self.named(FIRST, "invitation", id.as_uuid())
    }

    pub(crate) fn invitations_of(&self, inviter: Option<UserId>) -> String {
        match inviter {
            Some(user) => self.owned(FIRST, user, "invitations"),
            None => self.name(FIRST, "invitations:of-administrators"),
        }
    }

    pub(crate) fn invitation_expiries(&self) -> String {
        self.name(FIRST, "invitations:expiry")
    }

    pub(crate) fn api_key(&self, id: ApiKeyId) -> String {
        self.named(FIRST, "api-key", id.as_uuid())
    }

    pub(crate) fn api_keys_of(&self, user: UserId) -> String {
        self.owned(FIRST, user, "api-keys")
    }

    pub(crate) fn api_key_expiries(&self) -> String {
        self.name(FIRST, "api-keys:expiry")
    }

    pub(crate) fn events(&self) -> String {
        self.name(FIRST, "events")
    }

    pub(crate) fn event_sequence(&self) -> String {
        self.name(FIRST, "events:sequence")
    }

    pub(crate) fn event_places(&self) -> String {
        self.name(FIRST, "events:places")
    }

    pub(crate) fn event_ids(&self) -> String {
        self.name(FIRST, "events:ids")
    }

    pub(crate) fn event_moments(&self) -> String {
        self.name(FIRST, "events:moments")
    }

    pub(crate) fn events_of(&self, user: UserId) -> String {
        self.owned(FIRST, user, "events")
    }

    pub(crate) fn consumers(&self) -> String {
        self.name(FIRST, "events:consumers")
    }

    pub(crate) fn messages(&self) -> String {
        self.name(FIRST, "messages")
    }

    pub(crate) fn message_sequence(&self) -> String {
        self.name(FIRST, "messages:sequence")
    }

    pub(crate) fn message_states(&self) -> String {
        self.name(FIRST, "messages:states")
    }

    pub(crate) fn message_ids(&self) -> String {
        self.name(FIRST, "messages:ids")
    }

    pub(crate) fn messages_due(&self) -> String {
        self.name(FIRST, "messages:due")
    }

    pub(crate) fn messages_dead(&self) -> String {
        self.name(FIRST, "messages:dead")
    }

    fn owned(&self, bucket: Bucket, user: UserId, what: impl Display) -> String {
        self.name(bucket, &format!("user:{}:{what}", user.as_uuid().simple()))
    }

    fn named(&self, bucket: Bucket, kind: &str, id: &Uuid) -> String {
        self.name(bucket, &format!("{kind}:{}", id.simple()))
    }

    fn name(&self, bucket: Bucket, what: &str) -> String {
        format!("{{{}:{}}}:{what}", self.prefix, bucket.0)
    }
}

#[cfg(test)]
mod tests {
    use testudo::model::EmailKey;

    use super::*;

    #[test]
    fn a_bucket_is_one_slot_and_stays_the_same() {
        let keys = Keys::new("testudo", 64);
        let id = SessionId::from_uuid(Uuid::from_u128(0x0190_7031));
        // Written down here: another bucket after an upgrade would lose every session.
        assert_eq!(keys.session(id), "{testudo:12}:session:00000000000000000000000001907031");
        let counter = AttemptKey::login_account(&EmailKey::from_stored("{x}@example.com".into()));
        let bucket = keys.of_counter(&counter);
        assert_eq!(
            keys.counter(&counter).into_bytes(),
            keys.counter_in(bucket, counter.as_str().as_bytes())
        );
    }
}
