//! From a presented token to its session: one look-up, whatever the form of the token.

use crate::command::{
    Commit, FindSession, FindSessionWithUser, FindUser, FindUserWithSession, Guard, OwnedSession,
    Standing, UserKey, Write,
};
use crate::model::{Session, SessionId, User, Version};
use crate::step::{Step, ask};
use crate::token::Kind;
use crate::token::backend::{Presented, Records};

/// A session with its owner's standing, as a token led to it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) session: Session,
    pub(super) standing: Standing,
    pub(super) record: Record,
}

/// A session with its owner, as a token led to it.
#[derive(Debug)]
pub(super) struct FoundWithUser {
    pub(super) session: Session,
    pub(super) user: User,
    pub(super) record: Record,
}

/// What stands in the store of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// Its record, at this version.
    At(Version),
    /// Nothing yet: the session is as its token says.
    Missing,
    /// Nothing, ever.
    Never,
}

impl Record {
    /// The batch with `next` as the session's record.
    pub(super) fn write(self, next: Session, batch: Commit) -> Commit {
        let session = Box::new(next);
        match self {
            Self::At(was) => batch.write(Write::ReplaceSession { session, was }),
            Self::Missing => batch.write(Write::InsertSession(session)),
            Self::Never => batch,
        }
    }

    /// The batch under the guard that the session is still as it was found.
    pub(super) fn guard(self, id: SessionId, batch: Commit) -> Commit {
        match self {
            Self::At(version) => batch.guard(Guard::SessionVersion { id, version }),
            Self::Missing => batch.guard(Guard::NoSession { id }),
            Self::Never => batch,
        }
    }
}

/// Looks up the session of a token. The token is handed on, for what is to be found again.
pub(super) fn find<K: Kind, T>(
    token: Presented<K>,
    records: Records,
    then: impl FnOnce(Presented<K>, Option<Found>) -> Step<T> + Send + 'static,
) -> Step<T> {
    if let LookUp::Record(id) = look_up(&token, records) {
        return ask(FindSession { id }, move |found| then(token, found.map(Found::recorded)));
    }
    find_with_user(token, records, |token, found| then(token, found.map(Found::from)))
}

/// As [`find`], with the owner's whole record.
pub(super) fn find_with_user<K: Kind, T>(
    token: Presented<K>,
    records: Records,
    then: impl FnOnce(Presented<K>, Option<FoundWithUser>) -> Step<T> + Send + 'static,
) -> Step<T> {
    match look_up(&token, records) {
        LookUp::Record(id) => ask(FindSessionWithUser { id }, move |found| {
            then(token, found.map(|(session, user)| FoundWithUser::recorded(session, user)))
        }),
        LookUp::Exception(claimed) => {
            let command = FindUserWithSession { user: claimed.user, session: claimed.id };
            ask(command, move |found| {
                then(
                    token,
                    found.map(|(user, session)| match session {
                        Some(session) => FoundWithUser::recorded(session, user),
                        None => FoundWithUser { session: *claimed, user, record: Record::Missing },
                    }),
                )
            })
        }
        LookUp::User(claimed) => ask(FindUser { key: UserKey::Id(claimed.user) }, move |user| {
            let record = Record::Never;
            then(token, user.map(|user| FoundWithUser { session: *claimed, user, record }))
        }),
    }
}

impl Found {
    /// Whether the session was ended, or its owner's epoch or activity ended it.
    pub(super) fn is_revoked(&self) -> bool {
        self.session.is_revoked(&self.standing)
    }

    fn recorded(OwnedSession { session, standing }: OwnedSession) -> Self {
        Self { record: Record::At(session.version), session, standing }
    }
}

impl FoundWithUser {
    /// Whether the session was ended, or its owner's epoch or activity ended it.
    pub(super) fn is_revoked(&self) -> bool {
        self.session.is_revoked(&self.user.standing())
    }

    fn recorded(session: Session, user: User) -> Self {
        Self { record: Record::At(session.version), session, user }
    }
}

impl From<FoundWithUser> for Found {
    fn from(FoundWithUser { session, user, record }: FoundWithUser) -> Self {
        Self { session, standing: user.standing(), record }
    }
}

/// What there is to look for.
enum LookUp {
    /// The record, without which the token is worth nothing.
    Record(SessionId),
    /// The record that would take the place of what the token says.
    Exception(Box<Session>),
    /// The owner alone.
    User(Box<Session>),
}

fn look_up<K: Kind>(token: &Presented<K>, records: Records) -> LookUp {
    match (token, records) {
        (Presented::Opaque(token), _) => LookUp::Record(token.session()),
        (Presented::Signed(claimed), Records::Every) => LookUp::Record(claimed.id),
        (Presented::Signed(claimed), Records::Exceptions) => LookUp::Exception(claimed.clone()),
        (Presented::Signed(claimed), Records::Nothing) => LookUp::User(claimed.clone()),
    }
}
