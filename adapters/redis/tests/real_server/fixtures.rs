//! Records for the tests.

use std::sync::atomic::{AtomicU64, Ordering};

use testudo::command::{Commit, CountAttempt, Write};
use testudo::event::{Event, EventRecord};
use testudo::message::SealedMessage;
use testudo::model::{
    ApiKey, ApiKeyId, AttemptKey, AttemptLimit, Digest, Email, EmailKey, EventId, Invitation,
    InvitationId, JsonObject, MessageId, Method, OnboardingId, OnboardingSession, Session,
    SessionId, User, UserId, Version,
};
use testudo::password::PasswordHash;
use testudo::{Client, Duration, KeyId, Timestamp};
use testudo_driver::Store;
use testudo_redis::RedisStore;
use uuid::Uuid;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_123);

pub(crate) fn user(email: &str) -> User {
    let email = Email::from_stored(email.to_owned(), EmailKey::from_stored(email.to_owned()));
    let password = PasswordHash::from_stored("!none".to_owned());
    User::new(UserId::from_uuid(new_id()), email, password, NOW)
}

pub(crate) fn session(owner: &User) -> Session {
    Session {
        id: SessionId::from_uuid(new_id()),
        user: owner.id,
        epoch: owner.epoch,
        methods: vec![Method::Password],
        auth_time: NOW,
        client: Client::unknown().with_ip([192, 0, 2, 1].into()).with_user_agent("curl"),
        created_at: NOW,
        refreshed_at: NOW,
        idle_timeout: Duration::from_days(1),
        expires_at: NOW + Duration::from_days(7),
        access_expires_at: NOW + Duration::from_minutes(15),
        generation: 0,
        chain_key: KeyId::from_bytes([1; 8]),
        refresh_digest: Digest::of(b"refresh"),
        access_digest: Digest::of(b"access"),
        claims: JsonObject::new(),
        ended: None,
        version: Version::FIRST,
    }
}

pub(crate) fn invitation(inviter: Option<&User>) -> Invitation {
    Invitation {
        id: InvitationId::from_uuid(new_id()),
        invited_by: inviter.map(|user| user.id),
        email: Some(user("bob@example.com").email),
        seats: 1,
        taken: 0,
        data: JsonObject::new(),
        created_at: NOW,
        expires_at: NOW + Duration::from_days(7),
        revoked_at: Some(NOW),
        version: Version::FIRST,
    }
}

pub(crate) fn api_key(owner: &User) -> ApiKey {
    ApiKey {
        id: ApiKeyId::from_uuid(new_id()),
        user: owner.id,
        epoch: owner.epoch,
        name: "nightly".to_owned(),
        scopes: Vec::new(),
        digest: Digest::of(b"secret"),
        created_at: NOW,
        expires_at: Some(NOW + Duration::from_days(7)),
        last_used_at: None,
        revoked_at: None,
        version: Version::FIRST,
    }
}

pub(crate) fn onboarding() -> OnboardingSession {
    OnboardingSession {
        id: OnboardingId::from_uuid(new_id()),
        digest: Digest::of(b"token"),
        sealed: vec![0; 600],
        created_at: NOW,
        expires_at: NOW + Duration::from_minutes(60),
        version: Version::FIRST,
    }
}

pub(crate) fn message() -> SealedMessage {
    SealedMessage { id: MessageId::from_uuid(new_id()), created_at: NOW, sealed: vec![0; 600] }
}

pub(crate) fn event(user: &User) -> EventRecord {
    EventRecord {
        id: EventId::from_uuid(new_id()),
        at: NOW,
        user: Some(user.id),
        session: None,
        client: Client::unknown(),
        event: Event::UserCreated,
    }
}

pub(crate) fn attempt(user: &User) -> CountAttempt {
    let (window, key) = (Duration::from_minutes(5), AttemptKey::login_account(user.email.key()));
    let limit = AttemptLimit { attempts: 5, window, lock: window, hard_stop: Some(100) };
    CountAttempt { key, limit, now: NOW }
}

/// The batch that registers a user.
pub(crate) fn inserting(user: &User) -> Commit {
    let writes = vec![Write::InsertUser(Box::new(user.clone()))];
    Commit { writes, events: vec![event(user)], ..Commit::default() }
}

/// The batch that makes one record of each kind, of this user.
pub(crate) fn all_of(user: &User) -> (Commit, Session, Invitation, ApiKey, OnboardingSession) {
    let (session, invited, key) = (session(user), invitation(Some(user)), api_key(user));
    let onboarding = onboarding();
    let mut batch = inserting(user);
    batch.writes.extend([
        Write::InsertSession(Box::new(session.clone())),
        Write::InsertInvitation(Box::new(invited.clone())),
        Write::InsertInvitation(Box::new(invitation(None))),
        Write::InsertApiKey(Box::new(key.clone())),
        Write::InsertOnboarding(Box::new(onboarding.clone())),
    ]);
    batch.messages.push(message());
    (batch, session, invited, key, onboarding)
}

/// Applies a batch that must hold.
pub(crate) async fn commit(store: &RedisStore, batch: Commit) {
    store.commit(batch).await.unwrap().unwrap();
}

fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u64_pair(LAST.fetch_add(1, Ordering::Relaxed), 7)
}
