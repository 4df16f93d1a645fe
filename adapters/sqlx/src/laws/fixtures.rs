//! Records to test with, and what is done to any store.

use std::sync::atomic::{AtomicU64, Ordering};

use testudo::command::{Commit, ListEvents, Write};
use testudo::event::{Event, EventRecord};
use testudo::message::SealedMessage;
use testudo::model::{
    ApiKey, ApiKeyId, Digest, Email, EmailKey, EventId, Invitation, InvitationId, JsonObject,
    MessageId, Method, OnboardingId, OnboardingSession, Session, SessionId, User, UserId, Version,
};
use testudo::password::PasswordHash;
use testudo::{Client, Duration, KeyId, Timestamp};
use testudo_driver::Store;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use testudo_test_servers::proxy::Proxy;
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
        client: Client::unknown(),
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

pub(crate) fn invitation(inviter: &User) -> Invitation {
    Invitation {
        id: InvitationId::from_uuid(new_id()),
        invited_by: Some(inviter.id),
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

#[allow(dead_code, reason = "not every database has a test of its own with one")]
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
    let (id, client) = (EventId::from_uuid(new_id()), Client::unknown());
    EventRecord {
        id,
        at: NOW,
        user: Some(user.id),
        session: None,
        client,
        event: Event::UserCreated,
    }
}

/// The batch that registers a user.
pub(crate) fn inserting(user: &User) -> Commit {
    let writes = vec![Write::InsertUser(Box::new(user.clone()))];
    Commit { writes, events: vec![event(user)], ..Commit::default() }
}

/// Applies a batch that must hold.
pub(crate) async fn commit<S: Store>(store: &S, batch: Commit) {
    store.commit(batch).await.unwrap().unwrap();
}

/// All events.
pub(crate) async fn trail<S: Store>(store: &S) -> Vec<EventRecord> {
    store.list_events(ListEvents::newest(u32::MAX)).await.unwrap()
}

/// A network on the way to a server, and the URL of the server behind it.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn behind_proxy(url: &str) -> (Proxy, String) {
    let mut behind = url::Url::parse(url).unwrap();
    let server = behind.socket_addrs(|| None).unwrap();
    let proxy = Proxy::to(server[0]).unwrap();
    behind.set_ip_host(proxy.address().ip()).unwrap();
    behind.set_port(Some(proxy.address().port())).unwrap();
    (proxy, behind.into())
}

fn new_id() -> Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u64_pair(LAST.fetch_add(1, Ordering::Relaxed), 0)
}
