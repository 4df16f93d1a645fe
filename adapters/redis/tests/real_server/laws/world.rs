//! Few records, and all that can be asked about them.

use std::collections::BTreeSet;

use testudo::command::{
    Commit, FindApiKey, FindInvitation, FindOnboarding, FindSession, FindSessionWithUser, FindUser,
    FindUserWithSession, Guard, ListApiKeys, ListEvents, ListInvitations, ListSessions, ListUsers,
    UserKey, Write,
};
use testudo::event::{Event, EventRecord};
use testudo::message::{ListMessages, MessageState, SealedMessage};
use testudo::model::{
    ApiKey, ApiKeyId, AttemptKey, Digest, Email, EmailKey, EndReason, Ended, Epoch, EventId,
    Invitation, InvitationId, JsonObject, MessageId, Method, OnboardingId, OnboardingSession,
    Session, SessionId, User, UserId, Version,
};
use testudo::password::PasswordHash;
use testudo::reference::Tables;
use testudo::{Client, Duration, KeyId, Timestamp};
use testudo_driver::Store;
use testudo_redis::RedisStore;
use uuid::Uuid;

use super::acts::{Based, Batch, Change, Kind};

/// What has to be different each time.
#[derive(Debug, Default)]
pub(super) struct World {
    events: u64,
    messages: u64,
}

/// In the order of their ids, events and messages are in another order than in that of their commits.
pub(super) fn event_id(number: u64) -> EventId {
    EventId::from_uuid(Uuid::from_u128(u128::from(number ^ 0b101)))
}

pub(super) fn message_id(number: u64) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(u128::from(number ^ 0b101)))
}

fn id(number: u8) -> Uuid {
    Uuid::from_u128(u128::from(number) << 64)
}

fn user_id(number: u8) -> UserId {
    UserId::from_uuid(id(number))
}

fn session_id(number: u8) -> SessionId {
    SessionId::from_uuid(id(number))
}

fn email(number: u8) -> Email {
    let key = EmailKey::from_stored(format!("ada{number}\0@example.com"));
    Email::from_stored(format!("Ada{number}@example.com"), key)
}

/// Counters of the four addresses, of a network, and of nothing in particular.
pub(super) fn counter(number: u8) -> AttemptKey {
    match number {
        0..=3 => AttemptKey::login_account(email(number).key()),
        _ => AttemptKey::login_network([192, 0, 2, number].into()),
    }
}

impl World {
    /// The batch, of which each record, address and counter is named once.
    pub(super) fn batch(&mut self, tables: &Tables, planned: Batch) -> Commit {
        let mut named = BTreeSet::new();
        let mut batch = Commit::default();
        for (kind, number, based) in planned.guards {
            batch.guards.push(guard(tables, kind, number, based));
        }
        for change in planned.writes {
            let (names, write) = write(tables, change);
            if let Some(write) = write
                && names.iter().all(|name| !named.contains(name))
            {
                named.extend(names);
                batch.writes.push(write);
            }
        }
        for (user, at) in planned.events {
            batch.events.push(EventRecord {
                id: event_id(self.events),
                at,
                user: user.map(user_id),
                session: None,
                client: Client::unknown(),
                event: Event::UserCreated,
            });
            self.events += 1;
        }
        for created_at in planned.messages {
            let sealed = vec![0xff; 20];
            batch.messages.push(SealedMessage {
                id: message_id(self.messages),
                created_at,
                sealed,
            });
            self.messages += 1;
        }
        batch
    }
}

fn guard(tables: &Tables, kind: Kind, number: u8, based: Based) -> Guard {
    match kind {
        Kind::Epoch => {
            let id = user_id(number % 3);
            let epoch = user(tables, id).map_or(Epoch::FIRST, |user| user.epoch);
            let epoch = if based == Based::OnWhatIsThere { epoch } else { epoch.next() };
            Guard::UserEpoch { id, epoch }
        }
        Kind::Session => {
            let id = session_id(number);
            let found = tables.find_session_record(id);
            let version = found.map_or(Version::FIRST, |session| session.version);
            Guard::SessionVersion { id, version: base(version, based) }
        }
        Kind::NoSession => Guard::NoSession { id: session_id(number) },
    }
}

fn base(version: Version, based: Based) -> Version {
    if based == Based::OnWhatIsThere { version } else { version.next() }
}

fn user(tables: &Tables, id: UserId) -> Option<User> {
    tables.find_user(&FindUser { key: UserKey::Id(id) })
}

/// A write, if there is anything to write it about, and what it names.
fn write(tables: &Tables, change: Change) -> (Vec<String>, Option<Write>) {
    let now = Timestamp::from_millis(1);
    match change {
        Change::InsertUser { user, email: address, closes_at } => {
            let hash = PasswordHash::from_stored("!".to_owned());
            let new = User::new(user_id(user), email(address), hash, now);
            let new = User { closes_at, ..new };
            let names = vec![format!("user {user}"), format!("email {address}")];
            (names, Some(Write::InsertUser(Box::new(new))))
        }
        Change::ReplaceUser { user: number, email: address, closes_at, new_epoch, based } => {
            let found = user(tables, user_id(number)).map(|user| {
                let was = base(user.version, based);
                let epoch = if new_epoch { user.epoch.next() } else { user.epoch };
                let email = email(address);
                let user = User { email, closes_at, epoch, version: user.version.next(), ..user };
                Write::ReplaceUser { user: Box::new(user), was }
            });
            (vec![format!("user {number}"), format!("email {address}")], found)
        }
        Change::RemoveUser { user: number, based } => {
            let found = user(tables, user_id(number))
                .map(|user| Write::RemoveUser { id: user.id, was: base(user.version, based) });
            // It goes with all that is theirs, so nothing else is named beside it that might be.
            let mut names = vec![format!("user {number}")];
            for kind in ["session", "invitation", "key"] {
                names.extend((0..6).map(|other| format!("{kind} {other}")));
            }
            (names, found)
        }
        Change::InsertSession { session, user, expires_at } => {
            let new = Session {
                id: session_id(session),
                user: user_id(user),
                epoch: Epoch::FIRST,
                methods: vec![Method::Password],
                auth_time: now,
                client: Client::unknown(),
                created_at: now,
                refreshed_at: now,
                idle_timeout: Duration::from_millis(40),
                expires_at,
                access_expires_at: now,
                generation: 0,
                chain_key: KeyId::from_bytes([1; 8]),
                refresh_digest: Digest::of(b"refresh"),
                access_digest: Digest::of(b"access"),
                claims: JsonObject::new(),
                ended: None,
                version: Version::FIRST,
            };
            (vec![format!("session {session}")], Some(Write::InsertSession(Box::new(new))))
        }
        Change::ReplaceSession { session: number, expires_at, ends, based } => {
            let found = tables.find_session_record(session_id(number)).map(|session| {
                let was = base(session.version, based);
                let ended = ends.then_some(Ended { at: now, reason: EndReason::SignedOut });
                let version = session.version.next();
                let session = Session { expires_at, ended, version, ..session };
                Write::ReplaceSession { session: Box::new(session), was }
            });
            (vec![format!("session {number}")], found)
        }
        Change::InsertInvitation { invitation, inviter, expires_at } => {
            let new = Invitation {
                id: InvitationId::from_uuid(id(invitation)),
                invited_by: inviter.map(user_id),
                email: None,
                seats: 1,
                taken: 0,
                data: JsonObject::new(),
                created_at: now,
                expires_at,
                revoked_at: None,
                version: Version::FIRST,
            };
            (vec![format!("invitation {invitation}")], Some(Write::InsertInvitation(Box::new(new))))
        }
        Change::ReplaceInvitation { invitation: number, expires_at, based } => {
            let find = FindInvitation { id: InvitationId::from_uuid(id(number)) };
            let found = tables.find_invitation(&find).map(|it| {
                let (was, version) = (base(it.version, based), it.version.next());
                let invitation = Box::new(Invitation { expires_at, taken: 1, version, ..it });
                Write::ReplaceInvitation { invitation, was }
            });
            (vec![format!("invitation {number}")], found)
        }
        Change::InsertApiKey { key, user, expires_at } => {
            let new = ApiKey {
                id: ApiKeyId::from_uuid(id(key)),
                user: user_id(user),
                epoch: Epoch::FIRST,
                name: "nightly".to_owned(),
                scopes: vec!["read".to_owned()],
                digest: Digest::of(b"secret"),
                created_at: now,
                expires_at,
                last_used_at: None,
                revoked_at: None,
                version: Version::FIRST,
            };
            (vec![format!("key {key}")], Some(Write::InsertApiKey(Box::new(new))))
        }
        Change::ReplaceApiKey { key: number, expires_at, revokes, based } => {
            let found = tables.api_keys().find(|key| *key.id.as_uuid() == id(number)).map(|key| {
                let (was, version) = (base(key.version, based), key.version.next());
                let revoked_at = revokes.then_some(now);
                let key = ApiKey { expires_at, revoked_at, version, ..key.clone() };
                Write::ReplaceApiKey { key: Box::new(key), was }
            });
            (vec![format!("key {number}")], found)
        }
        Change::InsertOnboarding { session, expires_at } => {
            let new = OnboardingSession {
                id: OnboardingId::from_uuid(id(session)),
                digest: Digest::of(b"token"),
                sealed: vec![0; 30],
                created_at: now,
                expires_at,
                version: Version::FIRST,
            };
            (vec![format!("onboarding {session}")], Some(Write::InsertOnboarding(Box::new(new))))
        }
        Change::ReplaceOnboarding { session: number, expires_at, based } => {
            let find = FindOnboarding { id: OnboardingId::from_uuid(id(number)) };
            let found = tables.find_onboarding(&find).map(|it| {
                let (was, version) = (base(it.version, based), it.version.next());
                let sealed = vec![1; 31];
                let session = Box::new(OnboardingSession { expires_at, sealed, version, ..it });
                Write::ReplaceOnboarding { session, was }
            });
            (vec![format!("onboarding {number}")], found)
        }
        Change::TouchApiKey { key, at } => {
            let write = Write::TouchApiKey { id: ApiKeyId::from_uuid(id(key)), at };
            (vec![format!("key {key}")], Some(write))
        }
        Change::ClearAttempts(key) => {
            (vec![format!("counter {key}")], Some(Write::ClearAttempts(counter(key))))
        }
        Change::RefundAttempt(key, window) => {
            let write = Write::RefundAttempt { key: counter(key), window };
            (vec![format!("counter {key}")], Some(write))
        }
    }
}

/// Declares the questions, and how each is asked of a store and of the reference.
macro_rules! questions {
    ($($kind:ident($command:ty) $method:ident,)+) => {
        /// A question that changes nothing.
        #[derive(Clone, Debug)]
        pub(super) enum Question {
            $($kind($command),)+
            Record(SessionId),
        }

        impl Question {
            pub(super) async fn of_store(&self, store: &RedisStore) -> String {
                match self.clone() {
                    $(Self::$kind(command) => {
                        let shown = format!("{command:?}");
                        format!("{shown}: {:?}", store.$method(command).await.unwrap())
                    })+
                    Self::Record(id) => {
                        format!("{id}: {:?}", store.find_session_record(id).await.unwrap())
                    }
                }
            }

            fn of_tables(&self, tables: &Tables) -> String {
                match self {
                    $(Self::$kind(command) => {
                        format!("{command:?}: {:?}", tables.$method(command))
                    })+
                    Self::Record(id) => format!("{id}: {:?}", tables.find_session_record(*id)),
                }
            }
        }
    };
}

questions! {
    User(FindUser) find_user,
    Session(FindSession) find_session,
    SessionWithUser(FindSessionWithUser) find_session_with_user,
    UserWithSession(FindUserWithSession) find_user_with_session,
    Invitation(FindInvitation) find_invitation,
    ApiKey(FindApiKey) find_api_key,
    Onboarding(FindOnboarding) find_onboarding,
    Sessions(ListSessions) list_sessions,
    Users(ListUsers) list_users,
    Invitations(ListInvitations) list_invitations,
    ApiKeys(ListApiKeys) list_api_keys,
    Events(ListEvents) list_events,
    Messages(ListMessages) list_messages,
}

pub(super) fn seen_in(tables: &Tables) -> Vec<String> {
    questions().iter().map(|question| question.of_tables(tables)).collect()
}

pub(super) fn questions() -> Vec<Question> {
    let mut all = Vec::new();
    for number in 0..3 {
        let user = user_id(number);
        all.push(Question::User(FindUser { key: UserKey::Id(user) }));
        let now = Timestamp::from_millis(20);
        let epoch = Epoch::FIRST;
        all.push(Question::Sessions(ListSessions { user, epoch, now, before: None, limit: 9 }));
        let before = Some(session_id(3));
        all.push(Question::Sessions(ListSessions { user, epoch, now, before, limit: 2 }));
        all.push(Question::ApiKeys(ListApiKeys { user, before: None, limit: 2 }));
        let invited_by = Some(user);
        all.push(Question::Invitations(ListInvitations { invited_by, before: None, limit: 9 }));
        all.push(Question::Events(ListEvents { user: Some(user), ..ListEvents::newest(9) }));
        all.push(Question::UserWithSession(FindUserWithSession { user, session: session_id(1) }));
    }
    for number in 0..4 {
        all.push(Question::User(FindUser { key: UserKey::Email(email(number).key().clone()) }));
        all.push(Question::ApiKey(FindApiKey { id: ApiKeyId::from_uuid(id(number)) }));
        all.push(Question::Invitation(FindInvitation { id: InvitationId::from_uuid(id(number)) }));
        all.push(Question::Onboarding(FindOnboarding { id: OnboardingId::from_uuid(id(number)) }));
    }
    for number in 0..6 {
        let id = session_id(number);
        all.push(Question::Record(id));
        all.push(Question::Session(FindSession { id }));
        all.push(Question::SessionWithUser(FindSessionWithUser { id }));
    }
    let invitations = ListInvitations { invited_by: None, before: None, limit: 9 };
    all.push(Question::Invitations(invitations));
    all.push(Question::Users(ListUsers { after: None, limit: 9 }));
    all.push(Question::Users(ListUsers { after: Some(user_id(0)), limit: 1 }));
    all.push(Question::Events(ListEvents {
        since: Some(Timestamp::from_millis(10)),
        until: Some(Timestamp::from_millis(50)),
        ..ListEvents::newest(5)
    }));
    for state in [None, Some(MessageState::Dead), Some(MessageState::Waiting)] {
        all.push(Question::Messages(ListMessages { state, after: None, limit: 3 }));
    }
    all
}
