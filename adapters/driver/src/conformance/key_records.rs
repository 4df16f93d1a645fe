//! Invitations, API keys, onboarding sessions and messages to test with: ordinary ones, and such with the least
//! and the most in every field.

use testudo::message::SealedMessage;
use testudo::model::{
    ApiKey, ApiKeyId, Digest, Epoch, Invitation, InvitationId, JsonObject, MessageId, OnboardingId,
    OnboardingSession, User, Version,
};
use testudo::{Duration, Timestamp};

use super::records::{MOST, NOW, email, everything_json_can_say, object, uuid};

pub(super) fn api_key_id(number: u32) -> ApiKeyId {
    uuid("c0", number).parse().expect("an id")
}

pub(super) fn invitation_id(number: u32) -> InvitationId {
    uuid("40", number).parse().expect("an id")
}

pub(super) fn onboarding_id(number: u32) -> OnboardingId {
    uuid("20", number).parse().expect("an id")
}

pub(super) fn message_id(number: u32) -> MessageId {
    uuid("e0", number).parse().expect("an id")
}

/// An ordinary API key of `owner`, just made.
pub(super) fn api_key(number: u32, owner: &User) -> ApiKey {
    ApiKey {
        id: api_key_id(number),
        user: owner.id,
        epoch: owner.epoch,
        name: format!("key {number}"),
        scopes: vec!["reports:read".to_owned()],
        digest: Digest::of(&number.to_be_bytes()),
        created_at: NOW,
        expires_at: Some(NOW + Duration::from_days(30)),
        last_used_at: None,
        revoked_at: None,
        version: Version::FIRST,
    }
}

/// The record that replaces `key`.
pub(super) fn next_api_key(key: &ApiKey) -> ApiKey {
    ApiKey { version: key.version.next(), ..key.clone() }
}

/// API keys of `owner` with ordinary, the least and the most in every field.
pub(super) fn api_keys(owner: &User) -> [ApiKey; 3] {
    let ordinary = ApiKey {
        epoch: Epoch::new(3),
        scopes: vec!["reports:read".to_owned(), "reports:write".to_owned()],
        created_at: NOW + Duration::from_secs(1),
        last_used_at: Some(NOW + Duration::from_secs(2)),
        revoked_at: Some(NOW + Duration::from_secs(3)),
        ..api_key(1, owner)
    };
    let least = ApiKey {
        id: "00000000-0000-0000-0000-000000000000".parse().expect("an id"),
        epoch: Epoch::FIRST,
        name: String::new(),
        scopes: Vec::new(),
        digest: Digest::from_bytes([0; 32]),
        created_at: Timestamp::from_millis(0),
        expires_at: None,
        ..api_key(2, owner)
    };
    let most = ApiKey {
        id: "ffffffff-ffff-ffff-ffff-ffffffffffff".parse().expect("an id"),
        epoch: Epoch::new(MOST),
        name: "\u{1f422}".repeat(100),
        scopes: (0..32).map(|n| format!("\u{1f422} '\"\\ \u{0} {n}")).collect(),
        digest: Digest::from_bytes([0xff; 32]),
        created_at: Timestamp::MAX,
        expires_at: Some(Timestamp::MAX),
        last_used_at: Some(Timestamp::MAX),
        revoked_at: Some(Timestamp::MAX),
        version: Version::new(MOST),
        ..api_key(3, owner)
    };
    [ordinary, least, most]
}

/// An ordinary invitation by `inviter`, or by an administrator, just made.
pub(super) fn invitation(number: u32, inviter: Option<&User>) -> Invitation {
    Invitation {
        id: invitation_id(number),
        invited_by: inviter.map(|user| user.id),
        email: None,
        seats: 3,
        taken: 0,
        data: JsonObject::new(),
        created_at: NOW,
        expires_at: NOW + Duration::from_days(7),
        revoked_at: None,
        version: Version::FIRST,
    }
}

/// The record that replaces `invitation`.
pub(super) fn next_invitation(invitation: &Invitation) -> Invitation {
    Invitation { version: invitation.version.next(), ..invitation.clone() }
}

/// Invitations by `inviter` with ordinary, the least and the most in every field.
pub(super) fn invitations(inviter: &User) -> [Invitation; 3] {
    let ordinary = Invitation {
        email: Some(email("ada@example.com")),
        seats: 5,
        taken: 4,
        data: object([("team", "7")]),
        created_at: NOW + Duration::from_secs(1),
        expires_at: NOW + Duration::from_secs(2),
        revoked_at: Some(NOW + Duration::from_secs(3)),
        ..invitation(1, Some(inviter))
    };
    let least = Invitation {
        id: "00000000-0000-0000-0000-000000000000".parse().expect("an id"),
        seats: 0,
        created_at: Timestamp::from_millis(0),
        expires_at: Timestamp::from_millis(0),
        ..invitation(2, None)
    };
    let most = Invitation {
        id: "ffffffff-ffff-ffff-ffff-ffffffffffff".parse().expect("an id"),
        email: Some(email(&format!("{}@example.com", "\u{1f422}".repeat(60)))),
        seats: u32::MAX,
        taken: u32::MAX,
        data: everything_json_can_say(),
        created_at: Timestamp::MAX,
        expires_at: Timestamp::MAX,
        revoked_at: Some(Timestamp::MAX),
        version: Version::new(MOST),
        ..invitation(3, Some(inviter))
    };
    [ordinary, least, most]
}

/// An ordinary onboarding session, just begun.
pub(super) fn onboarding(number: u32) -> OnboardingSession {
    OnboardingSession {
        id: onboarding_id(number),
        digest: Digest::of(&number.to_be_bytes()),
        sealed: number.to_be_bytes().repeat(200),
        created_at: NOW,
        expires_at: NOW + Duration::from_minutes(60),
        version: Version::FIRST,
    }
}

/// The record that replaces `session`.
pub(super) fn next_onboarding(session: &OnboardingSession) -> OnboardingSession {
    OnboardingSession { version: session.version.next(), ..session.clone() }
}

/// Onboarding sessions with ordinary, the least and the most in every field.
pub(super) fn onboardings() -> [OnboardingSession; 3] {
    let ordinary = OnboardingSession {
        created_at: NOW + Duration::from_secs(1),
        expires_at: NOW + Duration::from_secs(2),
        version: Version::new(4),
        ..onboarding(1)
    };
    let least = OnboardingSession {
        id: "00000000-0000-0000-0000-000000000000".parse().expect("an id"),
        digest: Digest::from_bytes([0; 32]),
        sealed: Vec::new(),
        created_at: Timestamp::from_millis(0),
        expires_at: Timestamp::from_millis(0),
        ..onboarding(2)
    };
    let most = OnboardingSession {
        id: "ffffffff-ffff-ffff-ffff-ffffffffffff".parse().expect("an id"),
        digest: Digest::from_bytes([0xff; 32]),
        sealed: (0..=u8::MAX).cycle().take(OnboardingSession::MAX_SEALED_BYTES).collect(),
        created_at: Timestamp::MAX,
        expires_at: Timestamp::MAX,
        version: Version::new(MOST),
    };
    [ordinary, least, most]
}

/// A message that was committed [`NOW`].
pub(super) fn message(number: u32) -> SealedMessage {
    let sealed = number.to_be_bytes().repeat(100);
    SealedMessage { id: message_id(number), created_at: NOW, sealed }
}
