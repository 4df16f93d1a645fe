//! The commands of a store as tests give them: short, and failing on any fault.

use testudo::Timestamp;
use testudo::command::{
    Commit, Conflict, CountAttempt, FindApiKey, FindInvitation, FindOnboarding, FindSession,
    FindSessionWithUser, FindUser, FindUserWithSession, Guard, OwnedApiKey, OwnedSession, UserKey,
    Write,
};
use testudo::event::EventRecord;
use testudo::message::SealedMessage;
use testudo::model::{
    ApiKey, ApiKeyId, AttemptKey, AttemptLimit, AttemptVerdict, EmailKey, Invitation, InvitationId,
    OnboardingId, OnboardingSession, Session, SessionId, User, UserId,
};

use crate::Store;

/// What a test asks of a store.
pub(super) trait Observe: Store {
    async fn attempt(
        &self,
        key: &AttemptKey,
        limit: &AttemptLimit,
        now: Timestamp,
    ) -> AttemptVerdict {
        let command = CountAttempt { key: key.clone(), limit: *limit, now };
        self.count_attempt(command).await.expect("count_attempt must not fail")
    }

    async fn user(&self, id: UserId) -> Option<User> {
        self.find_user(FindUser { key: UserKey::Id(id) }).await.expect("find_user must not fail")
    }

    async fn user_by_email(&self, email: &EmailKey) -> Option<User> {
        let key = UserKey::Email(email.clone());
        self.find_user(FindUser { key }).await.expect("find_user must not fail")
    }

    async fn session(&self, id: SessionId) -> Option<OwnedSession> {
        self.find_session(FindSession { id }).await.expect("find_session must not fail")
    }

    async fn session_record(&self, id: SessionId) -> Option<Session> {
        self.find_session_record(id).await.expect("find_session_record must not fail")
    }

    async fn session_with_user(&self, id: SessionId) -> Option<(Session, User)> {
        self.find_session_with_user(FindSessionWithUser { id })
            .await
            .expect("find_session_with_user must not fail")
    }

    async fn api_key(&self, id: ApiKeyId) -> Option<OwnedApiKey> {
        self.find_api_key(FindApiKey { id }).await.expect("find_api_key must not fail")
    }

    async fn invitation(&self, id: InvitationId) -> Option<Invitation> {
        self.find_invitation(FindInvitation { id }).await.expect("find_invitation must not fail")
    }

    async fn onboarding(&self, id: OnboardingId) -> Option<OnboardingSession> {
        self.find_onboarding(FindOnboarding { id }).await.expect("find_onboarding must not fail")
    }

    async fn user_with_session(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Option<(User, Option<Session>)> {
        self.find_user_with_session(FindUserWithSession { user, session })
            .await
            .expect("find_user_with_session must not fail")
    }

    async fn apply(&self, batch: Commit) -> Result<(), Conflict> {
        self.commit(batch).await.expect("commit must not fail")
    }

    /// Commits writes that are in nobody's way.
    async fn write(&self, writes: impl IntoIterator<Item = Write>) {
        assert_eq!(self.apply(writing(writes)).await, Ok(()));
    }

    /// All events that are kept, in the order of their commits, as somebody is given them who takes none.
    async fn events(&self) -> Vec<EventRecord> {
        let first = Timestamp::from_millis(0);
        let taken = self.take_events("observer".to_owned(), first, first, usize::MAX).await;
        taken.expect("take_events must not fail").events
    }

    /// All events since this was last called.
    async fn new_events(&self) -> Vec<EventRecord> {
        let events = self.events().await;
        if let Some(last) = events.last() {
            let taken = self.events_taken("observer".to_owned(), last.id).await;
            taken.expect("events_taken must not fail");
        }
        events
    }
}

impl<S: Store> Observe for S {}

/// A batch of writes alone.
pub(super) fn writing(writes: impl IntoIterator<Item = Write>) -> Commit {
    Commit { writes: writes.into_iter().collect(), ..Commit::default() }
}

/// A batch of guards alone.
pub(super) fn guarding(guards: impl IntoIterator<Item = Guard>) -> Commit {
    Commit { guards: guards.into_iter().collect(), ..Commit::default() }
}

/// A batch of events alone.
pub(super) fn recording(events: impl IntoIterator<Item = EventRecord>) -> Commit {
    Commit { events: events.into_iter().collect(), ..Commit::default() }
}

/// A batch of messages alone.
pub(super) fn sending(messages: impl IntoIterator<Item = SealedMessage>) -> Commit {
    Commit { messages: messages.into_iter().collect(), ..Commit::default() }
}

pub(super) fn insert_user(user: &User) -> Write {
    Write::InsertUser(Box::new(user.clone()))
}

/// Replaces the version before the one that `user` has.
pub(super) fn replace_user(user: &User) -> Write {
    let was = before(user.version);
    Write::ReplaceUser { user: Box::new(user.clone()), was }
}

pub(super) fn insert_session(session: &Session) -> Write {
    Write::InsertSession(Box::new(session.clone()))
}

/// Replaces the version before the one that `session` has.
pub(super) fn replace_session(session: &Session) -> Write {
    let was = before(session.version);
    Write::ReplaceSession { session: Box::new(session.clone()), was }
}

pub(super) fn insert_api_key(key: &ApiKey) -> Write {
    Write::InsertApiKey(Box::new(key.clone()))
}

/// Replaces the version before the one that `key` has.
pub(super) fn replace_api_key(key: &ApiKey) -> Write {
    Write::ReplaceApiKey { key: Box::new(key.clone()), was: before(key.version) }
}

pub(super) fn insert_invitation(invitation: &Invitation) -> Write {
    Write::InsertInvitation(Box::new(invitation.clone()))
}

/// Replaces the version before the one that `invitation` has.
pub(super) fn replace_invitation(invitation: &Invitation) -> Write {
    let was = before(invitation.version);
    Write::ReplaceInvitation { invitation: Box::new(invitation.clone()), was }
}

pub(super) fn insert_onboarding(session: &OnboardingSession) -> Write {
    Write::InsertOnboarding(Box::new(session.clone()))
}

/// Replaces the version before the one that `session` has.
pub(super) fn replace_onboarding(session: &OnboardingSession) -> Write {
    let was = before(session.version);
    Write::ReplaceOnboarding { session: Box::new(session.clone()), was }
}

fn before(version: testudo::model::Version) -> testudo::model::Version {
    testudo::model::Version::new(version.get().checked_sub(1).expect("it replaces something"))
}
